/** Saves the newest view now and then: often enough for a reload, seldom enough for a fast stream. */

/** @import { CheckpointStore } from "./checkpoint.js" */
/** @import { JobView } from "./fold.js" */

const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 16_000;
/** A save that took 20 ms is followed by a pause of 400 ms: long texts do not eat the page's time. */
const PAUSE_PER_COST = 20;

export class CheckpointSaver {
  /** @type {JobView | undefined} */
  #held;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #pauseMs = SHORTEST_PAUSE_MS;

  /** @param {CheckpointStore} store */
  constructor(store) {
    this.store = store;
  }

  /** @param {JobView} view saved within a moment, unless a newer one takes its place */
  hold(view) {
    this.#held = view;
    this.#timer ??= setTimeout(() => this.flush(), this.#pauseMs);
  }

  /** Save what is held now: the page may go, or the job has ended. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#held) this.#save(this.#held);
    this.#held = undefined;
  }

  /** @param {JobView} view */
  #save(view) {
    const began = performance.now();
    const saved = this.store.save(view);
    const pauseMs = saved ? PAUSE_PER_COST * (performance.now() - began) : 2 * this.#pauseMs;
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, pauseMs));
  }
}
