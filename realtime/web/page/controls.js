/** The buttons that stop, pause and resume the job; they show what is true, and what is under way. */

import { ended } from "../client/index.js";
import { element, write } from "./element.js";
import { faces, isMet } from "./wish.js";

/** @import { JobView } from "../client/fold.js" */
/** @import { Face, Wish } from "./wish.js" */

/** An accepted wish that no event has met for so long may be uttered again. */
const UNMET_MS = 5_000;

export class Controls {
  #stop = element("stop", HTMLButtonElement);
  #pause = element("pause", HTMLButtonElement);
  #ask;
  #failed;
  /** @type {JobView | undefined} */
  #view;
  /** @type {{wish: Wish} | undefined} */
  #underWay;
  /** The button that has lost the focus because it was disabled. @type {HTMLButtonElement | undefined} */
  #left;

  /**
   * @param {(wish: Wish) => Promise<unknown>} ask
   * @param {(message: string) => void} failed why a wish was refused
   */
  constructor(ask, failed) {
    this.#ask = ask;
    this.#failed = failed;
    this.#stop.addEventListener("click", () => this.#utter("stop", this.#stop));
    this.#pause.addEventListener("click", () => this.#utter(this.#faces.pause.wish, this.#pause));
  }

  /** For another job: nothing is under way. */
  reset() {
    this.#underWay = this.#left = this.#view = undefined;
  }

  /**
   * @param {JobView} view
   * @param {boolean} lost whether the job is followed no more
   */
  show(view, lost) {
    this.#view = view;
    if (this.#underWay && isMet(this.#underWay.wish, view.status)) this.#underWay = undefined;
    this.#stop.hidden = this.#pause.hidden = lost || ended(view);
    this.#draw();
  }

  get #faces() {
    return faces(this.#view?.status ?? "queued", this.#underWay?.wish);
  }

  #draw() {
    const { stop, pause } = this.#faces;
    this.#put(this.#stop, stop);
    this.#put(this.#pause, pause);
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {Face} face
   */
  #put(button, { wish, label, disabled }) {
    button.dataset.wish = wish;
    button.disabled = disabled;
    write(button, label);
    if (disabled || this.#left !== button) return;
    this.#left = undefined;
    if (document.activeElement === document.body) button.focus();
  }

  /**
   * @param {Wish} wish
   * @param {HTMLButtonElement} button
   */
  async #utter(wish, button) {
    const mine = (this.#underWay = { wish });
    this.#left = document.activeElement === button ? button : undefined;
    this.#draw();
    try {
      await this.#ask(wish);
      // A cancel is for good: there is nothing to utter again.
      if (wish !== "stop") setTimeout(() => this.#end(mine), UNMET_MS);
    } catch (error) {
      if (this.#end(mine)) this.#failed(error instanceof Error ? error.message : String(error));
    }
  }

  /**
   * @param {{wish: Wish}} underWay
   * @returns {boolean} whether it was still under way
   */
  #end(underWay) {
    if (this.#underWay !== underWay) return false;
    this.#underWay = undefined;
    this.#draw();
    return true;
  }
}
