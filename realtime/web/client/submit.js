/** Hand in a job. A request that got no answer is repeated under the same key: never two jobs. */

import { JobcastError } from "./errors.js";
import { askUntilAnswered } from "./request.js";

/** @import { JobSocket } from "./request.js" */

/**
 * @typedef {object} SubmitRequest
 * @property {string} agent
 * @property {unknown} input as the agent's JSON Schema says
 * @property {string} [backend]
 * @property {string} [model]
 * @property {number} [maxTokens]
 * @property {number} [temperature]
 * @property {"high" | "normal" | "low"} [priority]
 * @property {"continue"} [onDisconnect]
 * @property {string} [idempotencyKey] 1 to 128 characters; made up if absent
 */

/** @typedef {{jobId: string, status: string, sequence: number}} Submitted */

/** A message over 64 KiB ends the connection; some of it is Socket.IO's own. */
const MAX_BYTES = 64 * 1024 - 256;

/**
 * @param {JobSocket} socket
 * @param {SubmitRequest} request
 * @param {{signal?: AbortSignal}} [options]
 * @returns {Promise<Submitted>}
 * @throws {JobcastError} why it was refused, or `unanswered`
 */
export async function submitJob(socket, request, options) {
  const payload = { ...request, idempotencyKey: request.idempotencyKey ?? newKey() };
  refuseTooLarge(payload);
  const { jobId, status, sequence } = await askUntilAnswered(socket, "job:submit", payload, options);
  return { jobId, status: String(status), sequence: Number(sequence) };
}

/** @param {SubmitRequest} payload */
function refuseTooLarge(payload) {
  const bytes = new TextEncoder().encode(JSON.stringify(payload)).length;
  if (bytes <= MAX_BYTES) return;
  const size = `${Math.ceil(bytes / 1024)} KiB`;
  throw new JobcastError("too_large", `The request has ${size}; at most 64 KiB are allowed.`, false);
}

/** 32 hexadecimal digits. Need not be secret, only new. */
function newKey() {
  const bytes = Uint8Array.from({ length: 16 }, () => Math.random() * 256);
  // Not randomUUID: it exists on https only. Node 18 has no global crypto at all.
  globalThis.crypto?.getRandomValues(bytes);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
