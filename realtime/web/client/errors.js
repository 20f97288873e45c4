/** The one error of the client: `code` and `retryable` as in PROTOCOL.md, and a message in words. */

/** @import { ErrorInfo } from "./events.js" */

/**
 * Beside the server's codes: `unanswered` (no answer in time, or the connection broke meanwhile), `closed`
 * (the follower was closed before the job ended) and `superseded` (something newer was asked of the job).
 */
export class JobcastError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {boolean} retryable whether the same request may succeed later
   */
  constructor(code, message, retryable) {
    super(message);
    this.name = "JobcastError";
    this.code = code;
    this.retryable = retryable;
  }

  /**
   * @param {unknown} answer the server's `{ok: false, error}`, or whatever came instead
   * @param {string} request
   */
  static fromAnswer(answer, request) {
    const error = /** @type {{error?: Partial<ErrorInfo>} | null | undefined} */ (answer)?.error;
    if (typeof error?.code !== "string") {
      return new JobcastError("unanswered", `The server gave no proper answer to ${request}.`, true);
    }
    return new JobcastError(error.code, String(error.message ?? error.code), error.retryable === true);
  }
}
