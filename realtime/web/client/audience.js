/**
 * All followers of one socket. Each event goes to those of its job, and a job is unsubscribed when its
 * last follower leaves, so that several of them never disturb each other.
 */

import { backoffMs } from "./backoff.js";
import { EVENTS } from "./events.js";

/** @import { JobSocket } from "./request.js" */
/** @typedef {{receive: (name: string, payload: unknown) => void, connected: () => void}} Follower */

/** @type {WeakMap<JobSocket, Audience>} */
const audiences = new WeakMap();

export class Audience {
  /** @type {Map<string, Set<Follower>>} */
  #jobs = new Map();
  /** @type {Map<string, (...values: any[]) => void>} */
  #listeners = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #revival;

  /** @param {JobSocket} socket */
  constructor(socket) {
    this.socket = socket;
    for (const name of EVENTS) this.#listeners.set(name, (payload) => this.#deliver(name, payload));
    this.#listeners.set("connect", () => this.#everyone().forEach((follower) => follower.connected()));
    this.#listeners.set("disconnect", (reason) => this.#revive(reason));
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
    if (this.#jobs.size === 0) this.#listeners.forEach((listener, name) => this.socket.on(name, listener));
    const followers = this.#jobs.get(jobId) ?? new Set();
    this.#jobs.set(jobId, followers.add(follower));
  }

  /**
   * @param {string} jobId
   * @param {Follower} follower
   */
  leave(jobId, follower) {
    const followers = this.#jobs.get(jobId);
    if (!followers?.delete(follower) || followers.size > 0) return;
    this.#jobs.delete(jobId);
    // A server forgets what a connection followed when it ends: there is nobody to tell then.
    if (this.socket.connected) this.socket.emit("job:unsubscribe", { jobId }, () => {});
    if (this.#jobs.size === 0) this.#fallSilent();
  }

  #everyone() {
    return [...this.#jobs.values()].flatMap((followers) => [...followers]);
  }

  /**
   * @param {string} name
   * @param {any} payload
   */
  #deliver(name, payload) {
    const followers = this.#jobs.get(payload?.jobId);
    if (followers) [...followers].forEach((follower) => follower.receive(name, payload));
  }

  /**
   * Socket.IO comes back by itself, except when the server ended the connection in good order.
   * @param {unknown} reason
   */
  #revive(reason) {
    if (reason !== "io server disconnect") return;
    clearTimeout(this.#revival);
    this.#revival = setTimeout(() => this.socket.active || this.socket.connect?.(), backoffMs(1));
  }

  #fallSilent() {
    clearTimeout(this.#revival);
    this.#listeners.forEach((listener, name) => this.socket.off(name, listener));
  }
}
