/** Where a job stands, in the words of the page. Pure. */

import { ended } from "../client/index.js";

/** @import { JobView } from "../client/fold.js" */

/**
 * @param {JobView} view
 * @param {boolean} lost whether it is followed no more, though it had not ended
 * @returns {string} a word or two
 */
export function headline(view, lost) {
  if (lost) return "lost";
  return view.status === "retrying" ? `trying again (attempt ${view.attempt + 1})…` : view.status;
}

/**
 * @param {JobView} view
 * @returns {string} what there is to say beside the headline; may be empty
 */
export function remark(view) {
  if (ended(view)) return view.reason ?? tokens(view);
  return remarks(view).filter(Boolean).join(" · ");
}

/** @param {JobView} view */
function remarks({ status, step, reason, attempt }) {
  if (status === "paused") return [reason, "ten minutes at most"];
  if (status === "retrying") return [reason];
  if (status === "stalled") return [`${reason ?? "the worker fell silent"}; looking for another…`];
  return [step, reason, attempt > 1 && `attempt ${attempt}`];
}

/** @param {JobView} view */
function tokens({ usage }) {
  if (usage?.output_tokens === undefined) return "";
  return `${usage.estimated ? "about " : ""}${usage.output_tokens} tokens`;
}
