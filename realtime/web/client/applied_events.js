/** The applied events of a job as an async iterator: from the moment it was asked for to the job's end. */

/** @import { JobView } from "./fold.js" */
/** @typedef {{name: string, payload: unknown, view: JobView}} AppliedEvent */
/** @typedef {IteratorResult<AppliedEvent, undefined>} Step */
/** @typedef {{resolve: (step: Step) => void, reject: (error: unknown) => void}} Waiter */

/** @implements {AsyncIterator<AppliedEvent, undefined>} */
export class AppliedEvents {
  /** @type {AppliedEvent[]} */
  #waiting = [];
  /** @type {Waiter[]} */
  #waiters = [];
  /** @type {{error?: unknown} | undefined} */
  #over;

  /** @param {() => void} [forget] called when the reader stops reading */
  constructor(forget) {
    this.forget = forget;
  }

  /** @param {AppliedEvent} event */
  push(event) {
    const waiter = this.#waiters.shift();
    if (waiter) waiter.resolve({ value: event, done: false });
    else this.#waiting.push(event);
  }

  /** @param {{error?: unknown}} [how] with an error: reading throws it after what is still waiting */
  end(how = {}) {
    this.#over ??= how;
    for (const waiter of this.#waiters.splice(0)) this.#conclude(waiter);
  }

  /** @returns {Promise<Step>} */
  next() {
    const event = this.#waiting.shift();
    if (event) return Promise.resolve({ value: event, done: false });
    return new Promise((resolve, reject) => {
      if (this.#over) this.#conclude({ resolve, reject });
      else this.#waiters.push({ resolve, reject });
    });
  }

  /** @returns {Promise<Step>} */
  return() {
    this.forget?.();
    this.#waiting.length = 0;
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  /** @param {Waiter} waiter */
  #conclude({ resolve, reject }) {
    if (this.#over?.error === undefined) return resolve({ value: undefined, done: true });
    reject(this.#over.error);
    this.#over = {};
  }
}

/** All who iterate over one job's events. */
export class Readers {
  /** @type {Set<AppliedEvents>} */
  #open = new Set();
  #over = false;

  open() {
    const reader = new AppliedEvents(() => this.#open.delete(reader));
    if (this.#over) reader.end();
    else this.#open.add(reader);
    return reader;
  }

  /** @param {AppliedEvent} event */
  push(event) {
    this.#open.forEach((reader) => reader.push(event));
  }

  /** @param {{error?: unknown}} how */
  end(how) {
    this.#over = true;
    this.#open.forEach((reader) => reader.end(how));
    this.#open.clear();
  }
}
