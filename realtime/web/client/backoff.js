/** How long to wait before a retry: longer each time, and never in step with the other clients. */

const FIRST_MS = 500;
const LONGEST_MS = 10_000;

/**
 * @param {number} attempt 0 before the first retry
 * @returns {number} milliseconds: half fixed, half random
 */
export function backoffMs(attempt) {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return longest * (0.5 + Math.random() / 2);
}

/**
 * Resolves after `ms`, or at once when `signal` aborts: ask the signal which it was.
 * @param {number} ms
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function pause(ms, signal) {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const finish = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal?.addEventListener("abort", finish);
  });
}
