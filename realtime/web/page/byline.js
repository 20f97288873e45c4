/** Who answers: the backend and its model, and plainly so when it is a script. */

/** @import { Backend } from "./catalogue.js" */
/** @typedef {{backend?: string, model?: string}} Answerer */

/**
 * @param {Answerer} answerer as far as it is known
 * @param {Backend[]} backends
 * @returns {string}
 */
export function bylineOf({ backend, model }, backends) {
  const known = backends.find(({ name, models }) => (backend ? name === backend : models.includes(model ?? "")));
  const names = [known?.name ?? backend, model].filter(Boolean).join(" · ");
  return known?.kind === "scripted" ? `${names} · written by a script, not by a model` : names;
}
