/** One job on the page: its follower, and everything that shows it. */

import { Pace, ended, followJob } from "../client/index.js";
import { Answer } from "./answer.js";
import { bylineOf } from "./byline.js";
import { Controls } from "./controls.js";
import { element, write } from "./element.js";
import { everyFrame } from "./frame.js";
import { Instruments } from "./instruments.js";
import { goToTheEnd, readsTheEnd } from "./scroll.js";

/** @import { FollowEvent, JobFollower } from "../client/index.js" */
/** @import { JobView } from "../client/fold.js" */
/** @import { JobSocket } from "../client/request.js" */
/** @import { Answerer } from "./byline.js" */
/** @import { Backend } from "./catalogue.js" */
/** @import { Wish } from "./wish.js" */
/** @typedef {{error: (message: string) => void, waiting: (message: string) => void}} Teller */

const RATE_MS = 500;

export class Reading {
  #answer = new Answer(element("answer", HTMLElement));
  #instruments = new Instruments();
  #controls;
  #render = everyFrame(() => this.#show());
  /** @type {JobFollower | undefined} */
  #job;
  #pace = new Pace();
  /** Whether the last rendering showed a job that goes on. */
  #streaming = false;
  /** Whether the job can be followed no more. */
  #lost = false;
  /** @type {number | undefined} */
  #tick;
  /** @type {Answerer} */
  #answerer = {};
  /** @type {Backend[]} */
  #backends = [];

  /**
   * @param {JobSocket} socket
   * @param {Teller} tell
   */
  constructor(socket, tell) {
    this.socket = socket;
    this.tell = tell;
    this.#controls = new Controls((wish) => this.#ask(wish), tell.error);
  }

  /**
   * @param {string} jobId
   * @param {Answerer} answerer as far as it is known
   */
  open(jobId, answerer) {
    this.close();
    this.#answerer = answerer;
    this.#pace = new Pace();
    this.#streaming = this.#lost = false;
    this.#controls.reset();
    this.#job = followJob(this.socket, jobId);
    this.#listen(this.#job);
    this.#tick = setInterval(this.#render, RATE_MS);
    this.#show();
    element("job", HTMLElement).focus({ preventScroll: true });
  }

  close() {
    this.#job?.close();
    this.#job = undefined;
    this.#rest();
    this.#render();
  }

  /** @param {Backend[]} backends */
  set backends(backends) {
    this.#backends = backends;
    this.#render();
  }

  /** @param {JobFollower} job */
  #listen(job) {
    job.addEventListener("change", (event) => this.#changed(/** @type {FollowEvent} */ (event).detail));
    job.addEventListener("done", () => this.#rest());
    job.addEventListener("error", (event) => this.#failed(/** @type {FollowEvent} */ (event).detail));
    job.addEventListener("subscribed", () => this.tell.waiting(""));
    job.addEventListener("retry", () => this.tell.waiting("no answer yet, trying again…"));
  }

  /** @param {any} applied */
  #changed({ name, payload }) {
    // What was not written while the job rested was not written slowly.
    if (name === "job:status") this.#pace = new Pace();
    if (name === "model:chunk") {
      this.#pace.add(payload.sequence - (payload.fromSequence ?? payload.sequence) + 1, payload.timestamp);
      this.#answerer = { ...this.#answerer, model: this.#answerer.model ?? payload.metadata?.model };
    }
    this.#render();
  }

  /** @param {any} error a `JobcastError` */
  #failed(error) {
    this.tell.error(error.message);
    this.#lost = true;
    this.#rest();
    if (this.#job?.view.sequence === 0) this.close();
  }

  #rest() {
    clearInterval(this.#tick);
    this.#render();
  }

  /** @param {Wish} wish */
  async #ask(wish) {
    this.tell.error("");
    if (wish === "stop") return this.#job?.cancel("stopped by the reader");
    return wish === "pause" ? this.#job?.pause("by the reader") : this.#job?.resume();
  }

  #show() {
    const view = this.#job?.view;
    element("job", HTMLElement).hidden = !view;
    document.body.toggleAttribute("data-reading", Boolean(view));
    document.title = view ? `${titleOf(view)} · Jobcast` : "Jobcast";
    if (!view) return this.#clear();
    const following = this.#streaming && readsTheEnd();
    this.#streaming = !this.#lost && !ended(view);
    this.#answer.show(view.text);
    this.#answer.element.setAttribute("aria-busy", String(this.#streaming));
    this.#answer.element.dataset.status = view.status;
    this.#instruments.show(view, view.status === "running" && !this.#lost ? this.#pace.rate() : 0, this.#lost);
    this.#controls.show(view, this.#lost);
    write(element("byline", HTMLElement), bylineOf(this.#answerer, this.#backends));
    this.#showFailure(view);
    if (following) goToTheEnd();
  }

  #clear() {
    this.#answer.show("");
    this.#instruments.hide();
  }

  /** @param {JobView} view */
  #showFailure({ error }) {
    const failure = element("failure", HTMLElement);
    write(failure, error?.message ?? "");
    failure.hidden = !error;
  }
}

/** @param {JobView} view */
function titleOf({ status, progress }) {
  return status === "running" && progress !== undefined ? `${Math.round(progress)} %` : status;
}
