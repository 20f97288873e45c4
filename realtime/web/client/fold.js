/**
 * The fold: what a job's events add up to. Pure; `shared_events/fold.py` is its twin.
 *
 * Both run the cases in `tests/protocol_cases/`. Folding merged chunks gives what the chunks give.
 */

import { isEvent, isFinal } from "./events.js";

/** @import * as wire from "./events.js" */

/**
 * A job as a follower sees it. `(epoch, sequence)` is its checkpoint. A view never changes: an
 * applied event makes a new one. What is absent is `undefined`.
 * @typedef {object} JobView
 * @property {string} jobId
 * @property {string} epoch
 * @property {number} sequence
 * @property {string} text
 * @property {wire.JobStatus} status
 * @property {number} attempt
 * @property {number} [progress] from 0 to 100
 * @property {string} [step]
 * @property {Readonly<Record<string, unknown>>} [metadata] of the last progress that had any
 * @property {string} [reason]
 * @property {unknown} [result]
 * @property {wire.Usage} [usage]
 * @property {wire.ErrorInfo} [error]
 */

/**
 * What became of a received event: *applied*; *duplicate*: already there; *gap*: something before it
 * is missing, subscribe again; *closed*: the job has ended; *ignored*: not an event of this job.
 * @typedef {"applied" | "duplicate" | "gap" | "closed" | "ignored"} Outcome
 */

/** @typedef {{outcome: Outcome, view: JobView}} Received */

/**
 * @param {string} jobId
 * @returns {JobView}
 */
export function emptyView(jobId) {
  return { jobId, epoch: "", sequence: 0, text: "", status: "queued", attempt: 0 };
}

/**
 * Whether the job has ended: nothing follows.
 * @param {JobView} view
 */
export function ended(view) {
  return isFinal(view.status);
}

/**
 * Apply an event if it is the next one; otherwise change nothing and say why.
 * @param {JobView} view
 * @param {string} name
 * @param {unknown} payload as it came from the wire
 * @returns {Received}
 */
export function receive(view, name, payload) {
  if (!isEvent(name, payload) || payload.jobId !== view.jobId) return { outcome: "ignored", view };
  if (name === "job:snapshot") return receiveSnapshot(view, /** @type {wire.JobSnapshot} */ (payload));
  const outcome = judge(view, payload);
  return { outcome, view: outcome === "applied" ? apply(view, name, payload) : view };
}

/**
 * @param {JobView} view
 * @param {wire.Sequenced & {fromSequence?: number | null}} event
 * @returns {Outcome}
 */
function judge(view, event) {
  if (event.sequence <= view.sequence) return "duplicate";
  if (ended(view)) return "closed";
  return (event.fromSequence ?? event.sequence) === view.sequence + 1 ? "applied" : "gap";
}

/**
 * Replace the view, unless the snapshot is older than what the same epoch already showed.
 * @param {JobView} view
 * @param {wire.JobSnapshot} snapshot
 * @returns {Received}
 */
function receiveSnapshot(view, snapshot) {
  const overtaken = snapshot.epoch === view.epoch && snapshot.sequence <= view.sequence;
  if (overtaken && !snapshot.reset) return { outcome: "duplicate", view };
  return { outcome: "applied", view: viewOf(snapshot) };
}

/**
 * @param {wire.JobSnapshot} snapshot
 * @returns {JobView}
 */
function viewOf(snapshot) {
  const { jobId, epoch, sequence, text, status, attempt } = snapshot;
  return {
    ...{ jobId, epoch, sequence, text, status, attempt },
    progress: snapshot.progress ?? undefined,
    step: snapshot.step ?? undefined,
    metadata: snapshot.metadata ?? undefined,
    reason: snapshot.reason ?? undefined,
    result: snapshot.result ?? undefined,
    usage: usageOf(snapshot.usage),
    error: snapshot.error ? errorOf(snapshot.error) : undefined,
  };
}

/** @type {ReadonlyMap<string, (view: JobView, event: any) => JobView>} */
const APPLIERS = new Map(
  Object.entries({
    "model:chunk": append,
    "model:rewind": rewound,
    "job:progress": progressed,
    "job:status": changed,
    "job:completed": completed,
    "job:failed": failed,
    "job:cancelled": cancelled,
  }),
);

/**
 * @param {JobView} view
 * @param {string} name
 * @param {wire.Sequenced} event
 * @returns {JobView}
 */
function apply(view, name, event) {
  const applier = APPLIERS.get(name);
  return applier ? { ...applier(view, event), sequence: event.sequence } : view;
}

/** @type {(view: JobView, event: wire.ModelChunk) => JobView} */
function append(view, event) {
  return { ...view, text: view.text + event.chunk };
}

/** @type {(view: JobView, event: wire.ModelRewind) => JobView} */
function rewound(view, event) {
  return { ...view, text: rewind(view.text, event.length), attempt: event.attempt };
}

/** @type {(view: JobView, event: wire.JobProgress) => JobView} */
function progressed(view, event) {
  const { progress, step, metadata } = event;
  return { ...view, progress, step: step ?? view.step, metadata: metadata ?? view.metadata };
}

/** @type {(view: JobView, event: wire.JobStatusChanged) => JobView} */
function changed(view, { status, attempt, epoch, reason }) {
  return { ...view, status, attempt, epoch, reason: reason ?? undefined };
}

/** @type {(view: JobView, event: wire.JobCompleted) => JobView} */
function completed(view, { result, usage }) {
  return { ...end(view, "completed"), result: result ?? undefined, usage: usageOf(usage) };
}

/** @type {(view: JobView, event: wire.JobFailed) => JobView} */
function failed(view, { error }) {
  return { ...end(view, "failed"), error: errorOf(error) };
}

/** @type {(view: JobView, event: wire.JobCancelled) => JobView} */
function cancelled(view, { reason }) {
  return { ...end(view, "cancelled"), reason: reason ?? undefined };
}

/** @type {(view: JobView, status: wire.FinalStatus) => JobView} */
function end(view, status) {
  return { ...view, status, reason: undefined };
}

/**
 * The first `length` UTF-16 units of `text`; half a surrogate pair is dropped.
 * @param {string} text
 * @param {number} length
 */
export function rewind(text, length) {
  const kept = text.slice(0, length);
  return /[\uD800-\uDBFF]$/.test(kept) ? kept.slice(0, -1) : kept;
}

/**
 * @param {wire.Usage | null | undefined} usage
 * @returns {wire.Usage | undefined}
 */
function usageOf(usage) {
  if (!usage) return undefined;
  const { input_tokens, output_tokens, estimated } = usage;
  return {
    input_tokens: input_tokens ?? undefined,
    output_tokens: output_tokens ?? undefined,
    estimated: estimated || undefined,
  };
}

/** @type {(error: wire.ErrorInfo) => wire.ErrorInfo} */
function errorOf({ code, message, retryable }) {
  return { code, message, retryable };
}
