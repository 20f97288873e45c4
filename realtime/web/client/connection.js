/** The connection itself: what the server says of it, and coming back when the server has ended it, no sooner than asked. */

import { backoffMs } from "./backoff.js";

/** @import { JobSocket, Reconnecting } from "./request.js" */
/** @typedef {{name: "server:draining", retryAfterMs: number}} Draining the server goes, and another or a new one comes */
/** @typedef {Draining} ServerNotice */

/** No server has a reason to send anybody away for longer. */
const LONGEST_WAIT_MS = 60_000;

/** @type {WeakMap<JobSocket, Connection>} */
const connections = new WeakMap();

/**
 * Come back by ourselves, even after an orderly goodbye; Socket.IO alone would stay away then. Every follower sees
 * to that while it follows; whoever wants it beyond that, as a page does, calls this.
 * @param {JobSocket} socket
 * @param {(notice: ServerNotice) => void} [noticed] called when the server says that it will end the connection
 * @returns {() => void} ends it
 */
export function keepConnected(socket, noticed = () => {}) {
  const connection = connections.get(socket) ?? new Connection(socket);
  connections.set(socket, connection);
  return connection.keep({ noticed });
}

class Connection {
  /** @type {Set<{noticed: (notice: ServerNotice) => void}>} */
  #keepers = new Set();
  /** @type {number | undefined} what the server asked for on this connection */
  #retryAfterMs;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #revival;
  /** @type {Map<string, (...values: any[]) => void>} */
  #listeners = new Map([
    ["server:draining", (payload) => this.#drains(payload)],
    ["disconnect", (reason) => this.#comeBack(reason)],
  ]);

  /** @param {JobSocket} socket */
  constructor(socket) {
    this.socket = socket;
  }

  /** @param {{noticed: (notice: ServerNotice) => void}} keeper */
  keep(keeper) {
    if (this.#keepers.size === 0) this.#listeners.forEach((listener, name) => this.socket.on(name, listener));
    this.#keepers.add(keeper);
    return () => {
      if (this.#keepers.delete(keeper) && this.#keepers.size === 0) this.#rest();
    };
  }

  /** @param {any} payload */
  #drains(payload) {
    const asked = payload?.retryAfterMs;
    const retryAfterMs = Number.isFinite(asked) ? Math.min(LONGEST_WAIT_MS, Math.max(0, asked)) : backoffMs(1);
    this.#retryAfterMs = retryAfterMs;
    this.#tell({ name: "server:draining", retryAfterMs });
  }

  /** @param {ServerNotice} notice */
  #tell(notice) {
    [...this.#keepers].forEach(({ noticed }) => noticed(notice));
  }

  /** @param {unknown} reason */
  #comeBack(reason) {
    const afterMs = this.#retryAfterMs;
    this.#retryAfterMs = undefined;
    if (reason === "io client disconnect") return;
    if (reason === "io server disconnect") this.#revive(afterMs ?? backoffMs(1));
    else if (afterMs !== undefined && this.socket.io) delayFirstAttempt(this.socket.io, afterMs);
  }

  /** @param {number} afterMs */
  #revive(afterMs) {
    clearTimeout(this.#revival);
    this.#revival = setTimeout(() => this.socket.active || this.socket.connect?.(), afterMs);
  }

  #rest() {
    clearTimeout(this.#revival);
    this.#retryAfterMs = undefined;
    this.#listeners.forEach((listener, name) => this.socket.off(name, listener));
  }
}

/** A page that connects by hand meanwhile makes no attempt that Socket.IO would tell of. */
const FIRST_ATTEMPT = ["reconnect_attempt", "open"];

/**
 * Socket.IO asks for its delay after it has told of the disconnect: the first one is ours, those behind it its own.
 * @param {Reconnecting} manager
 * @param {number} ms
 */
function delayFirstAttempt(manager, ms) {
  const usual = {
    delayMs: manager.reconnectionDelay(),
    maxMs: manager.reconnectionDelayMax(),
    jitter: manager.randomizationFactor(),
  };
  const restore = () => {
    FIRST_ATTEMPT.forEach((name) => manager.off(name, restore));
    setDelays(manager, usual);
  };
  setDelays(manager, { delayMs: ms, maxMs: Math.max(ms, usual.maxMs), jitter: 0 });
  FIRST_ATTEMPT.forEach((name) => manager.on(name, restore));
}

/**
 * @param {Reconnecting} manager
 * @param {{delayMs: number, maxMs: number, jitter: number}} delays
 */
function setDelays(manager, { delayMs, maxMs, jitter }) {
  manager.reconnectionDelay(delayMs);
  manager.reconnectionDelayMax(maxMs);
  manager.randomizationFactor(jitter);
}
