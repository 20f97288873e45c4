/**
 * Tells the server whether anybody looks at a job, so that a hidden page gets merged updates now and then.
 *
 * Never needed for anything to be right: a request that fails is not repeated before the next change.
 */

/** Quick flips within that time are told as the last of them. */
const PAUSE_MS = 1_000;

export class Visibility {
  /** @type {boolean | undefined} what the server was told last; undefined: who knows */
  #told = true;
  #wanted = true;
  /** Whether the job is subscribed on the connection that there is. */
  #subscribed = false;
  /** Whether the last request failed, and nothing has changed since. */
  #failed = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #resting;

  /** @param {(visible: boolean) => Promise<unknown>} tell */
  constructor(tell) {
    this.tell = tell;
  }

  /** @param {boolean} visible */
  want(visible) {
    if (visible === this.#wanted) return;
    this.#wanted = visible;
    this.#failed = false;
    this.#settle();
  }

  /** A new subscription starts visible, and so may one that was renewed. */
  subscribed() {
    this.#subscribed = true;
    if (this.#told === false) this.#told = undefined;
    this.#settle();
  }

  /** With its connection the server has forgotten the subscription. */
  lost() {
    this.#subscribed = false;
    this.#told = true;
  }

  stop() {
    this.lost();
    clearTimeout(this.#resting);
  }

  #settle() {
    const settled = this.#told === this.#wanted || this.#failed;
    if (this.#subscribed && !settled && this.#resting === undefined) void this.#say(this.#wanted);
  }

  /** @param {boolean} visible */
  async #say(visible) {
    this.#told = visible;
    this.#rest();
    try {
      await this.tell(visible);
    } catch {
      // A server that closes the connection at this request must not be asked again by each new one.
      if (visible === this.#wanted) this.#failed = true;
      if (this.#subscribed) this.#told = undefined;
    }
  }

  #rest() {
    this.#resting = setTimeout(() => {
      this.#resting = undefined;
      this.#settle();
    }, PAUSE_MS);
  }
}
