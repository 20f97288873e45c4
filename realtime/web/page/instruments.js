/** The line at the foot of the page: where the job stands, how far, how fast, and the button that stops it. */

import { ended } from "../client/index.js";
import { element, write } from "./element.js";

/** @import { JobView } from "../client/fold.js" */

export class Instruments {
  #bar = element("bar", HTMLElement);
  #progress = element("progress", HTMLProgressElement);
  #stop = element("stop", HTMLButtonElement);
  #state = element("state", HTMLElement);

  /** @param {() => void} stop */
  constructor(stop) {
    this.#stop.addEventListener("click", () => stop());
  }

  /** @param {boolean} stopping */
  set stopping(stopping) {
    this.#stop.disabled = stopping;
    write(this.#stop, stopping ? "Stopping…" : "Stop");
  }

  hide() {
    this.#bar.hidden = true;
  }

  /**
   * @param {JobView} view
   * @param {number} rate tokens per second
   * @param {boolean} lost whether it is followed no more, though it had not ended
   */
  show(view, rate, lost) {
    const status = lost ? "lost" : view.status;
    this.#bar.hidden = false;
    this.#stop.hidden = lost || ended(view);
    this.#state.dataset.status = status;
    write(this.#state, status);
    write(element("step", HTMLElement), standing(view));
    write(element("sequence", HTMLElement), String(view.sequence));
    write(element("rate", HTMLElement), rate > 0 ? `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} tokens/s` : "");
    this.#showProgress(lost || ended(view) ? undefined : view.progress);
  }

  /** @param {number} [progress] */
  #showProgress(progress) {
    this.#progress.hidden = progress === undefined;
    this.#progress.value = progress ?? 0;
    write(element("percent", HTMLElement), progress === undefined ? "" : `${Math.round(progress)} %`);
  }
}

/** @param {JobView} view */
function standing(view) {
  if (ended(view)) return view.reason ?? tokens(view);
  const attempt = view.attempt > 1 ? `attempt ${view.attempt}` : "";
  return [view.step, view.reason, attempt].filter(Boolean).join(" · ");
}

/** @param {JobView} view */
function tokens({ usage }) {
  if (usage?.output_tokens === undefined) return "";
  return `${usage.estimated ? "about " : ""}${usage.output_tokens} tokens`;
}
