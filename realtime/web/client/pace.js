/** How many tokens a second, over the last few seconds. */

const WINDOW_MS = 5_000;
const STEP_MS = 50;
/** Below that a speed would be a guess. */
const SHORTEST_MS = 500;

/**
 * Counts by the clock of whoever made the tokens, if it is told: what comes late in one piece (after a
 * reload, say) was not made faster. Its size does not grow with the speed.
 */
export class Pace {
  /** @type {{at: number, total: number}[]} how many there were when; the window began with the first */
  #points = [];
  /** What the maker's clock is behind ours, at least. */
  #behindMs = Infinity;

  /** @param {() => number} [now] milliseconds */
  constructor(now = Date.now) {
    this.now = now;
  }

  /**
   * @param {number} [tokens]
   * @param {number} [at] when they were made, by their maker's clock
   */
  add(tokens = 1, at = this.now()) {
    this.#behindMs = Math.min(this.#behindMs, this.now() - at);
    const total = (this.#points.at(-1)?.total ?? 0) + tokens;
    const [before, last] = this.#points.slice(-2);
    if (before && last && last.at - before.at < STEP_MS) this.#points.pop();
    this.#points.push({ at, total });
    this.#forget(at);
  }

  /** @returns {number} tokens per second; 0 when none came for the length of the window */
  rate() {
    const now = Math.max(this.now() - this.#behindMs, this.#points.at(-1)?.at ?? 0);
    this.#forget(now);
    const [first, last] = [this.#points.at(0), this.#points.at(-1)];
    if (!first || !last || now - first.at < SHORTEST_MS) return 0;
    return (1000 * (last.total - first.total)) / (now - first.at);
  }

  /** @param {number} now */
  #forget(now) {
    const kept = this.#points.findIndex(({ at }) => at >= now - WINDOW_MS);
    this.#points = kept < 0 ? this.#points.slice(-1) : this.#points.slice(Math.max(0, kept - 1));
  }
}
