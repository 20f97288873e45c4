/** How a gap is closed: by what is missing; and if that did not help, by a snapshot and not in a hurry. */

import { backoffMs } from "./backoff.js";

/** Gaps that this many deltas in a row did not close are closed by a snapshot. */
const FRUITLESS_DELTAS = 2;

export class Gaps {
  #sequence = -1;
  #fruitless = 0;

  /**
   * @param {number} sequence what is held
   * @returns {{whole: boolean, afterMs: number}} what to ask for, and when
   */
  at(sequence) {
    this.#fruitless = sequence === this.#sequence ? this.#fruitless + 1 : 0;
    this.#sequence = sequence;
    const afterMs = this.#fruitless > 0 ? backoffMs(this.#fruitless - 1) : 0;
    return { whole: this.#fruitless >= FRUITLESS_DELTAS, afterMs };
  }
}
