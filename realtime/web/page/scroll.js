/** Keeps the end of a growing page in sight, as long as the reader stays there and does nothing else. */

const NEAR_PX = 64;

/** @returns {boolean} */
export function readsTheEnd() {
  if (document.activeElement?.closest("form")) return false;
  const { scrollTop, clientHeight, scrollHeight } = document.documentElement;
  return scrollTop + clientHeight >= scrollHeight - NEAR_PX;
}

export function goToTheEnd() {
  const page = document.documentElement;
  page.scrollTop = page.scrollHeight;
}
