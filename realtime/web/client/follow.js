/**
 * Follow one job to its end, across reloads, lost connections, sleep and restarts of the server.
 *
 *     const job = followJob(socket, jobId);
 *     job.addEventListener("change", () => render(job.view));
 *     const view = await job.done;
 */

import { Readers } from "./applied_events.js";
import { Audience } from "./audience.js";
import { CheckpointSaver } from "./checkpoint_saver.js";
import { CheckpointStore } from "./checkpoint.js";
import { Control } from "./control.js";
import { JobcastError } from "./errors.js";
import { emptyView, ended, receive } from "./fold.js";
import { FollowEvent } from "./follow_event.js";
import { Gaps } from "./gaps.js";
import { pageIsVisible, watchPage } from "./page_life.js";
import { Subscription, requestFor } from "./subscription.js";
import { Watchdog } from "./watchdog.js";

/** @import { StorageLike } from "./checkpoint.js" */
/** @import { ServerNotice } from "./connection.js" */
/** @import { JobView } from "./fold.js" */
/** @import { JobSocket } from "./request.js" */
/** @import { AppliedEvent } from "./applied_events.js" */

/**
 * @typedef {object} FollowOptions
 * @property {StorageLike | null} [storage] null: keep nothing
 * @property {AbortSignal} [signal]
 * @property {boolean} [visibility] false: whether the page is hidden plays no part; see `setVisible`
 */

/** A terminal event may be lost without a successor that would reveal it: silence is looked into. */
const SILENCE_MS = 15_000;

/**
 * @param {JobSocket} socket a Socket.IO client socket
 * @param {string} jobId
 * @param {FollowOptions} [options]
 * @returns {JobFollower}
 */
export function followJob(socket, jobId, options = {}) {
  return new JobFollower(socket, jobId, options);
}

/**
 * Events, each with `detail`: `change` `{name, payload, view}` after each applied event; `done` the
 * terminal view; `error` a `JobcastError`: it follows no more; `retry` a `JobcastError`: it asks again;
 * `subscribed` nothing: the server has answered; `notice` a `ServerNotice`: the server will end the connection.
 * @implements {AsyncIterable<AppliedEvent>}
 */
export class JobFollower extends EventTarget {
  #audience;
  #mindsPage;
  #view;
  #open = true;
  #visible = true;
  #gaps = new Gaps();
  #readers = new Readers();
  /** @type {(() => void)[]} */
  #releases = [];
  /** @type {{resolve: (view: JobView) => void, reject: (error: JobcastError) => void}} */
  #outcome = { resolve: () => {}, reject: () => {} };
  #control;
  #saver;
  #subscription;
  #watchdog = new Watchdog(SILENCE_MS, () => this.#subscription.renew());

  /**
   * @param {JobSocket} socket
   * @param {string} jobId
   * @param {FollowOptions} options
   */
  constructor(socket, jobId, { storage, signal, visibility = true }) {
    super();
    const store = new CheckpointStore(storage);
    this.#audience = Audience.of(socket);
    this.#mindsPage = visibility;
    this.#view = store.load(jobId) ?? emptyView(jobId);
    this.#control = new Control(socket);
    this.#saver = new CheckpointSaver(store);
    this.#subscription = new Subscription(socket, ({ whole }) => requestFor(this.#view, whole), {
      answered: () => this.#subscribed(),
      postponed: (error) => this.#dispatch("retry", error),
      refused: (error) => this.#fail(error),
    });
    /** The terminal view. Rejects with a `JobcastError` if it cannot be followed, or is closed, before. */
    this.done = new Promise((resolve, reject) => (this.#outcome = { resolve, reject }));
    this.done.catch(() => {});
    this.#begin(signal);
  }

  get jobId() {
    return this.#view.jobId;
  }

  get view() {
    return this.#view;
  }

  get text() {
    return this.#view.text;
  }

  /**
   * Stop the job itself, not only this follower.
   * @param {string} [reason]
   */
  cancel(reason) {
    return this.#control.ask("job:cancel", this.#view, { reason });
  }

  /**
   * Let the job wait, for all who follow it; after ten minutes it is cancelled.
   * @param {string} [reason]
   */
  pause(reason) {
    return this.#control.ask("job:pause", this.#view, { reason });
  }

  /** Let a paused job go on. */
  resume() {
    return this.#control.ask("job:resume", this.#view);
  }

  /**
   * Say whether anybody looks, for instance when an element is scrolled out of view: while nobody does, and while
   * the page is hidden, text comes about once a second. Nothing is lost by it.
   * @param {boolean} visible
   */
  setVisible(visible) {
    this.#visible = visible;
    if (this.#open) this.#audience.turned(this.jobId);
  }

  /** Follow no more. The job goes on; its checkpoint stays. */
  close() {
    if (!this.#open) return;
    const error = new JobcastError("closed", "The follower was closed before the job ended.", false);
    this.#release({});
    this.#outcome.reject(error);
  }

  /** The events applied from now on. What was held before is in `view`. */
  [Symbol.asyncIterator]() {
    return this.#readers.open();
  }

  /** @param {AbortSignal} [signal] */
  #begin(signal) {
    if (signal?.aborted) return this.close();
    // Whoever called has to get the follower before it can listen.
    if (ended(this.#view)) return queueMicrotask(() => this.#finish());
    this.#attach(signal);
    this.#watchdog.feed();
    this.#subscription.renew();
  }

  /** @param {AbortSignal} [signal] */
  #attach(signal) {
    const close = () => this.close();
    signal?.addEventListener("abort", close);
    this.#releases = [this.#join(), () => signal?.removeEventListener("abort", close), this.#watchPage()];
  }

  #join() {
    const follower = {
      receive: this.#receive.bind(this),
      connected: () => this.#subscription.restart(),
      noticed: (/** @type {ServerNotice} */ notice) => this.#dispatch("notice", notice),
      visible: () => this.#visible && (!this.#mindsPage || pageIsVisible()),
    };
    this.#audience.join(this.jobId, follower);
    return () => this.#audience.leave(this.jobId, follower);
  }

  #watchPage() {
    return watchPage({
      woke: () => this.#subscription.renew(),
      leaving: () => this.#saver.flush(),
      turned: () => this.#audience.turned(this.jobId),
    });
  }

  /**
   * @param {string} name
   * @param {unknown} payload
   */
  #receive(name, payload) {
    if (!this.#open || this.#subscription.deaf) return;
    this.#watchdog.feed();
    const { outcome, view } = receive(this.#view, name, payload);
    if (outcome === "gap") this.#closeGap();
    if (outcome === "applied") this.#show({ name, payload, view });
  }

  /** @param {AppliedEvent} event */
  #show(event) {
    this.#view = event.view;
    this.#saver.hold(event.view);
    this.#readers.push(event);
    this.#dispatch("change", event);
    if (ended(event.view)) this.#finish();
  }

  #subscribed() {
    this.#watchdog.feed();
    this.#audience.subscribed(this.jobId);
    this.#dispatch("subscribed", undefined);
  }

  #closeGap() {
    if (!this.#subscription.underWay) this.#subscription.renew(this.#gaps.at(this.#view.sequence));
  }

  #finish() {
    if (!this.#open) return;
    this.#release({});
    this.#outcome.resolve(this.#view);
    this.#dispatch("done", this.#view);
  }

  /** @param {JobcastError} error */
  #fail(error) {
    this.#release({ error });
    this.#outcome.reject(error);
    this.#dispatch("error", error);
  }

  /** @param {{error?: JobcastError}} how */
  #release(how) {
    this.#open = false;
    this.#releases.forEach((release) => release());
    this.#subscription.stop();
    this.#watchdog.stop();
    this.#saver.flush();
    this.#readers.end(how);
  }

  /**
   * @param {string} type
   * @param {unknown} detail
   */
  #dispatch(type, detail) {
    this.dispatchEvent(new FollowEvent(type, detail));
  }
}
