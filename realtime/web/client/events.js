/**
 * Every event of a job as it arrives from the wire; `shared_events/events.py` is its twin.
 *
 * Only what the fold takes is checked, so that an event with a field too many or one of another
 * kind beside it still counts. A `null` counts as absent.
 */

/** @typedef {"queued" | "running" | "paused" | "retrying" | "stalled"} OpenStatus */
/** @typedef {"completed" | "failed" | "cancelled"} FinalStatus */
/** @typedef {OpenStatus | FinalStatus} JobStatus */
/** @typedef {{input_tokens?: number, output_tokens?: number, estimated?: boolean}} Usage */
/** @typedef {{code: string, message: string, retryable: boolean}} ErrorInfo */

/** @typedef {{jobId: string, sequence: number}} Sequenced */
/** @typedef {Sequenced & {chunk: string, fromSequence?: number | null}} ModelChunk */
/** @typedef {Sequenced & {length: number, attempt: number}} ModelRewind */
/** @typedef {Readonly<Record<string, unknown>>} Metadata */
/** @typedef {Sequenced & {progress: number, step?: string | null, metadata?: Metadata | null}} JobProgress */
/** @typedef {{status: OpenStatus, attempt: number, epoch: string, reason?: string | null}} Change */
/** @typedef {Sequenced & Change} JobStatusChanged */
/** @typedef {Sequenced & {result?: unknown, usage?: Usage | null}} JobCompleted */
/** @typedef {Sequenced & {error: ErrorInfo}} JobFailed */
/** @typedef {Sequenced & {reason?: string | null}} JobCancelled */
/**
 * @typedef {Sequenced & {epoch: string, reset: boolean, text: string, status: JobStatus, attempt: number,
 *   progress?: number | null, step?: string | null, metadata?: Metadata | null, reason?: string | null,
 *   result?: unknown, usage?: Usage | null, error?: ErrorInfo | null}} JobSnapshot
 */

/** @typedef {(value: unknown) => boolean} Check */

/** @type {ReadonlySet<unknown>} */
const OPEN = new Set(["queued", "running", "paused", "retrying", "stalled"]);
/** @type {ReadonlySet<unknown>} */
const FINAL = new Set(["completed", "failed", "cancelled"]);

/**
 * @param {unknown} status
 * @returns {status is FinalStatus}
 */
export function isFinal(status) {
  return FINAL.has(status);
}

/** @type {Check} */
const isText = (value) => typeof value === "string";
/** @type {Check} */
const isFlag = (value) => typeof value === "boolean";
/** @type {Check} */
const isNumber = (value) => Number.isFinite(value);
/** @type {Check} */
const isCount = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
/** @type {Check} */
const isAnything = () => true;
/** @type {(check: Check) => Check} */
const maybe = (check) => (value) => value === undefined || value === null || check(value);

/**
 * A check of the fields named here. The names are ours: none of the wire's is ever looked up.
 * @param {Record<string, Check>} fields
 * @returns {Check}
 */
function shape(fields) {
  const checks = Object.entries(fields);
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
    const held = /** @type {Record<string, unknown>} */ (value);
    return checks.every(([name, check]) => check(held[name]));
  };
}

const isObject = shape({});
const isUsage = shape({ input_tokens: maybe(isCount), output_tokens: maybe(isCount), estimated: maybe(isFlag) });
const isError = shape({ code: isText, message: isText, retryable: isFlag });

const sequenced = { jobId: isText, sequence: isCount };

/** @type {ReadonlyMap<string, Check>} */
const SHAPES = new Map([
  ["model:chunk", shape({ ...sequenced, chunk: isText, fromSequence: maybe(isCount) })],
  ["model:rewind", shape({ ...sequenced, length: isCount, attempt: isCount })],
  ["job:progress", shape({ ...sequenced, progress: isNumber, step: maybe(isText), metadata: maybe(isObject) })],
  [
    "job:status",
    shape({
      ...sequenced,
      status: (value) => OPEN.has(value),
      attempt: isCount,
      epoch: isText,
      reason: maybe(isText),
    }),
  ],
  ["job:completed", shape({ ...sequenced, result: isAnything, usage: maybe(isUsage) })],
  ["job:failed", shape({ ...sequenced, error: isError })],
  ["job:cancelled", shape({ ...sequenced, reason: maybe(isText) })],
  [
    "job:snapshot",
    shape({
      ...sequenced,
      epoch: isText,
      reset: isFlag,
      text: isText,
      status: (value) => OPEN.has(value) || FINAL.has(value),
      attempt: isCount,
      progress: maybe(isNumber),
      step: maybe(isText),
      metadata: maybe(isObject),
      reason: maybe(isText),
      usage: maybe(isUsage),
      error: maybe(isError),
    }),
  ],
]);

/** The names of all events, in the order of PROTOCOL.md. */
export const EVENTS = Object.freeze([...SHAPES.keys()]);

/**
 * Whether `payload` is what PROTOCOL.md says of `name`, as far as the fold takes it.
 * @param {string} name
 * @param {unknown} payload
 * @returns {payload is Sequenced}
 */
export function isEvent(name, payload) {
  return SHAPES.get(name)?.(payload) ?? false;
}
