/** What the page says of its connection. A server that restarts is no trouble, and is not told before it takes long. */

import { keepConnected } from "../client/index.js";

/** @import { JobSocket } from "../client/request.js" */
/** @typedef {"connecting" | "connected" | "lost"} ConnectionState */
/** @typedef {(state: ConnectionState, words: string) => void} Show */

const MOMENT_MS = 1_500;
const RESTARTS = "The server restarts; reconnecting…";

export class ConnectionSign {
  /** Whether the server said that it goes. */
  #draining = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #moment;

  /**
   * @param {JobSocket} socket kept connected
   * @param {Show} show
   */
  constructor(socket, show) {
    this.socket = socket;
    this.show = show;
    socket.on("connect", () => this.#connected());
    socket.on("disconnect", () => this.#lost("reconnecting…"));
    socket.on("connect_error", () => this.#lost("no connection, trying again…"));
    keepConnected(socket, () => {
      this.#draining = true;
    });
  }

  /** @param {string} words what the job waits for, if anything */
  wait(words) {
    if (this.socket.connected) this.show(words ? "lost" : "connected", words || "connected");
  }

  #connected() {
    clearTimeout(this.#moment);
    this.#moment = undefined;
    this.#draining = false;
    this.show("connected", "connected");
  }

  /** @param {string} words */
  #lost(words) {
    if (!this.#draining) return this.show("lost", words);
    this.#moment ??= setTimeout(() => this.show("connecting", RESTARTS), MOMENT_MS);
  }
}
