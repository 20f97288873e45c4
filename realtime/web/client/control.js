/** Cancel, pause and resume: what a job's readers may ask of it. */

import { JobcastError } from "./errors.js";
import { isFinal } from "./events.js";
import { askUntilAnswered } from "./request.js";

/** @import { FinalStatus } from "./events.js" */
/** @import { JobView } from "./fold.js" */
/** @import { JobSocket } from "./request.js" */

/**
 * `accepted`: left for the job; its events tell when it has come about. `already_finished`: it had
 * ended, as `outcome` says.
 * @typedef {{jobId: string, status: "accepted" | "already_finished", outcome?: FinalStatus}} Controlled
 */

export class Control {
  #newest = new AbortController();

  /** @param {JobSocket} socket */
  constructor(socket) {
    this.socket = socket;
  }

  /**
   * Ask until there is an answer, or until something newer is asked.
   * @param {"job:cancel" | "job:pause" | "job:resume"} name
   * @param {JobView} view the job as far as it is known: one that has ended needs no server to say so
   * @param {{reason?: string}} [fields]
   * @returns {Promise<Controlled>}
   * @throws {JobcastError} as the server says it, `unanswered` or `superseded`
   */
  async ask(name, { jobId, status }, fields = {}) {
    if (isFinal(status)) return { jobId, status: "already_finished", outcome: status };
    // A pause that is repeated after the resume behind it would pause for good.
    this.#newest.abort(new JobcastError("superseded", "Something else was asked of the job meanwhile.", false));
    this.#newest = new AbortController();
    const { signal } = this.#newest;
    const answer = await askUntilAnswered(this.socket, name, { jobId, ...fields }, { signal });
    return /** @type {any} */ (answer);
  }
}
