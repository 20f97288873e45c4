/** Barks when it was not fed for a while, and goes on watching. */

export class Watchdog {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {number} ms
   * @param {() => void} bark
   */
  constructor(ms, bark) {
    this.ms = ms;
    this.bark = bark;
  }

  feed() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.feed();
      this.bark();
    }, this.ms);
  }

  stop() {
    clearTimeout(this.#timer);
  }
}
