/**
 * All followers of one socket. Each event goes to those of its job, and a job is unsubscribed when its
 * last follower leaves, so that several of them never disturb each other.
 */

import { keepConnected } from "./connection.js";
import { EVENTS } from "./events.js";
import { ask } from "./request.js";
import { Visibility } from "./visibility.js";

/** @import { ServerNotice } from "./connection.js" */
/** @import { JobSocket } from "./request.js" */

/**
 * @typedef {object} Follower
 * @property {(name: string, payload: unknown) => void} receive
 * @property {() => void} connected
 * @property {(notice: ServerNotice) => void} noticed
 * @property {() => boolean} visible whether somebody looks at it
 */
/** @typedef {{followers: Set<Follower>, visibility: Visibility}} Followed */

/** @type {WeakMap<JobSocket, Audience>} */
const audiences = new WeakMap();

export class Audience {
  /** @type {Map<string, Followed>} */
  #jobs = new Map();
  /** @type {Map<string, (...values: any[]) => void>} */
  #listeners = new Map();
  #release = () => {};

  /** @param {JobSocket} socket */
  constructor(socket) {
    this.socket = socket;
    for (const name of EVENTS) this.#listeners.set(name, (payload) => this.#deliver(name, payload));
    this.#listeners.set("connect", () => this.#everyone().forEach((follower) => follower.connected()));
    this.#listeners.set("disconnect", () => this.#jobs.forEach(({ visibility }) => visibility.lost()));
  }

  /**
   * @param {JobSocket} socket
   * @returns {Audience}
   */
  static of(socket) {
    const audience = audiences.get(socket) ?? new Audience(socket);
    audiences.set(socket, audience);
    return audience;
  }

  /**
   * @param {string} jobId
   * @param {Follower} follower
   */
  join(jobId, follower) {
    if (this.#jobs.size === 0) this.#listen();
    const job = this.#jobs.get(jobId) ?? this.#followed(jobId);
    this.#jobs.set(jobId, job);
    job.followers.add(follower);
    this.turned(jobId);
  }

  /**
   * @param {string} jobId
   * @param {Follower} follower
   */
  leave(jobId, follower) {
    const job = this.#jobs.get(jobId);
    if (!job?.followers.delete(follower)) return;
    if (job.followers.size > 0) return this.turned(jobId);
    this.#jobs.delete(jobId);
    job.visibility.stop();
    // A server forgets what a connection followed when it ends: there is nobody to tell then.
    if (this.socket.connected) this.socket.emit("job:unsubscribe", { jobId }, () => {});
    if (this.#jobs.size === 0) this.#fallSilent();
  }

  /**
   * The server has answered that a job is followed.
   * @param {string} jobId
   */
  subscribed(jobId) {
    this.#jobs.get(jobId)?.visibility.subscribed();
  }

  /**
   * Some follower of a job became visible or hidden. The job is visible while one of them is.
   * @param {string} jobId
   */
  turned(jobId) {
    const job = this.#jobs.get(jobId);
    job?.visibility.want([...job.followers].some((follower) => follower.visible()));
  }

  /**
   * @param {string} jobId
   * @returns {Followed}
   */
  #followed(jobId) {
    const tell = (/** @type {boolean} */ visible) => ask(this.socket, "job:visibility", { jobId, visible });
    return { followers: new Set(), visibility: new Visibility(tell) };
  }

  #everyone() {
    return [...this.#jobs.values()].flatMap(({ followers }) => [...followers]);
  }

  /**
   * @param {string} name
   * @param {any} payload
   */
  #deliver(name, payload) {
    const job = this.#jobs.get(payload?.jobId);
    if (job) [...job.followers].forEach((follower) => follower.receive(name, payload));
  }

  #listen() {
    this.#listeners.forEach((listener, name) => this.socket.on(name, listener));
    this.#release = keepConnected(this.socket, (notice) => {
      this.#everyone().forEach((follower) => follower.noticed(notice));
    });
  }

  #fallSilent() {
    this.#release();
    this.#listeners.forEach((listener, name) => this.socket.off(name, listener));
  }
}
