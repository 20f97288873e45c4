/** What to show of a document while the agent `document` writes it; `shared_events/document_state.py` is its twin. */

/** @typedef {"idle" | "streaming" | "paused" | "complete" | "cancelled"} StreamStatus */

/** @type {Map<string, StreamStatus>} */
const SAID_BY_JOB = new Map([
  ["paused", "paused"],
  ["cancelled", "cancelled"],
  ["completed", "complete"],
]);

/**
 * What the agent said last holds only while its job runs; that it is paused or cancelled its job says.
 * @param {string} status of the job
 * @param {{streamStatus?: unknown} | null | undefined} metadata of the job's last progress
 * @returns {StreamStatus}
 */
export function streamStatus(status, metadata) {
  const said = metadata?.streamStatus;
  const holds = status === "running" && (said === "streaming" || said === "complete");
  return SAID_BY_JOB.get(status) ?? (holds ? said : "idle");
}
