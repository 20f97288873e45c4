/** What the reader wishes of the job, and how the buttons look meanwhile. Pure. */

import { isFinal } from "../client/events.js";

/** @import { JobStatus } from "../client/events.js" */
/** @typedef {"stop" | "pause" | "resume"} Wish */
/** @typedef {{wish: Wish, label: string, disabled: boolean}} Face a button: what a click wishes */

const LABELS = { stop: "Stop", pause: "Pause", resume: "Resume" };
const UNDER_WAY = { stop: "Stopping…", pause: "Pausing…", resume: "Resuming…" };

/**
 * Whether `wish` has come about: the job's events say so, not the answer to the request.
 * @param {Wish} wish
 * @param {JobStatus} status
 */
export function isMet(wish, status) {
  if (isFinal(status)) return true;
  return wish !== "stop" && (status === "paused") === (wish === "pause");
}

/**
 * The two buttons. Stopping is offered as long as it is not under way: it overtakes the others.
 * @param {JobStatus} status
 * @param {Wish} [wish] under way
 * @returns {{stop: Face, pause: Face}}
 */
export function faces(status, wish) {
  const other = wish && wish !== "stop" ? wish : status === "paused" ? "resume" : "pause";
  return { stop: face("stop", wish, wish === "stop"), pause: face(other, wish, Boolean(wish)) };
}

/**
 * @param {Wish} wish
 * @param {Wish | undefined} underWay
 * @param {boolean} disabled
 * @returns {Face}
 */
function face(wish, underWay, disabled) {
  return { wish, disabled, label: wish === underWay ? UNDER_WAY[wish] : LABELS[wish] };
}
