/** The line at the foot of the page: where the job stands, how far, how fast. */

import { ended } from "../client/index.js";
import { element, write } from "./element.js";
import { headline, remark } from "./standing.js";

/** @import { JobView } from "../client/fold.js" */

export class Instruments {
  #bar = element("bar", HTMLElement);
  #progress = element("progress", HTMLProgressElement);
  #state = element("state", HTMLElement);

  hide() {
    this.#bar.hidden = true;
  }

  /**
   * @param {JobView} view
   * @param {number} rate tokens per second
   * @param {boolean} lost whether it is followed no more, though it had not ended
   */
  show(view, rate, lost) {
    this.#bar.hidden = false;
    this.#state.dataset.status = lost ? "lost" : view.status;
    write(this.#state, headline(view, lost));
    this.#showRemark(remark(view));
    write(element("sequence", HTMLElement), String(view.sequence));
    write(element("rate", HTMLElement), rate > 0 ? `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} tokens/s` : "");
    this.#showProgress(lost || ended(view) ? undefined : view.progress);
  }

  /** @param {string} words whole in the tip, if there is no room */
  #showRemark(words) {
    const step = element("step", HTMLElement);
    write(step, words);
    step.title = words;
  }

  /** @param {number} [progress] */
  #showProgress(progress) {
    this.#progress.hidden = progress === undefined;
    this.#progress.value = progress ?? 0;
    write(element("percent", HTMLElement), progress === undefined ? "" : `${Math.round(progress)} %`);
  }
}
