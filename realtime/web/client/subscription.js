/** Keeps one job subscribed: one request at a time, repeated until it is answered or refused for good. */

import { backoffMs, pause } from "./backoff.js";
import { isCheckpoint } from "./checkpoint.js";
import { JobcastError } from "./errors.js";
import { ask } from "./request.js";

/** @import { JobView } from "./fold.js" */
/** @import { JobSocket } from "./request.js" */
/** @typedef {{jobId: string, epoch?: string, lastSequence?: number}} SubscribeRequest */

/**
 * @param {JobView} view what is held
 * @param {boolean} whole
 * @returns {SubscribeRequest}
 */
export function requestFor({ jobId, epoch, sequence }, whole) {
  return whole || !isCheckpoint({ epoch, sequence }) ? { jobId } : { jobId, epoch, lastSequence: sequence };
}

export class Subscription {
  /** @type {AbortController | undefined} */
  #asking;
  #deaf = false;

  /**
   * @param {JobSocket} socket
   * @param {(options: {whole: boolean}) => SubscribeRequest} request what to ask for at that moment
   * @param {object} listener
   * @param {() => void} listener.answered
   * @param {(error: JobcastError) => void} listener.postponed it is asked again later
   * @param {(error: JobcastError) => void} listener.refused it is not asked again
   */
  constructor(socket, request, listener) {
    this.socket = socket;
    this.request = request;
    this.listener = listener;
  }

  get underWay() {
    return this.#asking !== undefined;
  }

  /**
   * From the question to its answer no event counts: those behind the answer go on from what was held
   * when it was asked, and nobody could tell if the log was written anew in between.
   */
  get deaf() {
    return this.#deaf;
  }

  /** Begin anew: an answer from an earlier connection no longer counts. */
  restart() {
    this.stop();
    this.renew();
  }

  /**
   * Subscribe again, unless that is under way.
   * @param {{whole?: boolean, afterMs?: number}} [options] whole: ask for a snapshot, whatever is held
   */
  renew({ whole = false, afterMs = 0 } = {}) {
    if (this.#asking || !this.socket.connected) return;
    const asking = new AbortController();
    this.#asking = asking;
    void this.#askUntilSettled(asking, whole, afterMs);
  }

  stop() {
    this.#asking?.abort();
    this.#rest();
  }

  /**
   * @param {AbortController} asking
   * @param {boolean} whole
   * @param {number} afterMs
   */
  async #askUntilSettled(asking, whole, afterMs) {
    if (afterMs > 0) await pause(afterMs, asking.signal);
    for (let attempt = 0; this.#asking === asking && this.socket.connected; attempt++) {
      const error = await this.#attempt(asking, whole);
      if (!error || this.#asking !== asking) return;
      if (!error.retryable) return this.#refuse(error);
      if (this.socket.connected) this.listener.postponed(error);
      await pause(backoffMs(attempt), asking.signal);
    }
    if (this.#asking === asking) this.#rest();
  }

  /**
   * @param {AbortController} asking
   * @param {boolean} whole
   * @returns {Promise<JobcastError | undefined>} undefined: subscribed
   */
  async #attempt(asking, whole) {
    this.#deaf = true;
    try {
      await ask(this.socket, "job:subscribe", this.request({ whole }), (ok) => this.#hear(asking, ok));
      return undefined;
    } catch (error) {
      return error instanceof JobcastError ? error : new JobcastError("unanswered", String(error), true);
    }
  }

  /**
   * @param {AbortController} asking
   * @param {boolean} ok
   */
  #hear(asking, ok) {
    if (this.#asking !== asking) return;
    this.#deaf = false;
    if (!ok) return;
    this.#asking = undefined;
    this.listener.answered();
  }

  /** @param {JobcastError} error */
  #refuse(error) {
    this.#rest();
    this.listener.refused(error);
  }

  #rest() {
    this.#asking = undefined;
    this.#deaf = false;
  }
}
