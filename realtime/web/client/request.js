/** Requests to the server: one JSON object there, one answer back, in time or an error that says why. */

import { backoffMs, pause } from "./backoff.js";
import { JobcastError } from "./errors.js";

/**
 * What the client needs of a Socket.IO socket; socket.io-client's `Socket` is one.
 * @typedef {object} JobSocket
 * @property {boolean} connected
 * @property {boolean} [active] whether it connects again by itself
 * @property {(name: string, listener: (...values: any[]) => void) => unknown} on
 * @property {(name: string, listener: (...values: any[]) => void) => unknown} off
 * @property {(name: string, ...values: any[]) => unknown} emit
 * @property {() => unknown} [connect]
 * @property {Reconnecting} [io] what connects it again
 * @property {(ms: number) => {emit: (name: string, ...values: any[]) => unknown}} timeout
 */

/**
 * What it needs of a Socket.IO manager: each of the three gives its value, or takes one.
 * @typedef {object} Reconnecting
 * @property {(ms?: number) => any} reconnectionDelay
 * @property {(ms?: number) => any} reconnectionDelayMax
 * @property {(share?: number) => any} randomizationFactor
 * @property {(name: any, listener: () => void) => unknown} on
 * @property {(name: any, listener: () => void) => unknown} off
 */

/** @typedef {{ok: true, jobId: string} & Record<string, unknown>} Answer */

export const ANSWER_MS = 5_000;
const TRIES = 6;

/**
 * Ask once.
 * @param {JobSocket} socket
 * @param {string} name
 * @param {object} payload
 * @param {(ok: boolean) => void} [answered] called in the moment of an answer, before any event behind it
 * @returns {Promise<Answer>}
 * @throws {JobcastError} as the server says it, or `unanswered`
 */
export async function ask(socket, name, payload, answered) {
  const answer = await answerTo(socket, name, payload, answered);
  if (!isAnswer(answer)) throw JobcastError.fromAnswer(answer, name);
  return answer;
}

/**
 * @param {any} answer
 * @returns {answer is Answer}
 */
function isAnswer(answer) {
  return answer?.ok === true && typeof answer.jobId === "string";
}

/**
 * Ask until there is an answer, with back-off. Only for requests that may reach the server twice.
 * @param {JobSocket} socket
 * @param {string} name
 * @param {object} payload
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<Answer>}
 * @throws {JobcastError} the last one, after six tries; at once if it is not worth a retry
 */
export async function askUntilAnswered(socket, name, payload, { signal } = {}) {
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    try {
      return await ask(socket, name, payload);
    } catch (error) {
      if (!isPassing(error) || attempt + 1 >= TRIES) throw error;
    }
    await pause(backoffMs(attempt), signal);
  }
}

/**
 * @param {JobSocket} socket
 * @param {string} name
 * @param {object} payload
 * @param {(ok: boolean) => void} [answered]
 * @returns {Promise<any>}
 */
function answerTo(socket, name, payload, answered) {
  return new Promise((resolve, reject) => {
    // An error says that nothing came in time, or that the connection broke. A promise of Socket.IO's
    // would be settled only after the events that came in one piece with the answer.
    const settle = (/** @type {unknown} */ error, /** @type {unknown} */ answer) => {
      if (error) return reject(new JobcastError("unanswered", "The server did not answer.", true));
      answered?.(isAnswer(answer));
      resolve(answer);
    };
    socket.timeout(ANSWER_MS).emit(name, payload, settle);
  });
}

const PASSING = new Set(["unanswered", "unavailable", "too_many"]);

/** @param {unknown} error */
function isPassing(error) {
  return error instanceof JobcastError && PASSING.has(error.code);
}
