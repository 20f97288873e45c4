/** The job in the page's address: a reload, a second tab and a copied link all lead to the same job. */

/** @import { Question } from "./composer.js" */

/** @returns {string | null} */
export function jobInAddress() {
  return new URLSearchParams(location.search).get("job");
}

/** @returns {Partial<Question>} what was asked, if it was asked in this tab */
export function questionInHistory() {
  return history.state?.question ?? {};
}

/**
 * @param {string} jobId
 * @param {Question} question
 */
export function goToJob(jobId, question) {
  history.pushState({ question }, "", `?job=${encodeURIComponent(jobId)}`);
}
