/** When the page wakes and when it may be about to go; says nothing where there is no page (Node). */

/**
 * @param {{woke: () => void, leaving: () => void}} listener
 * @returns {() => void} stops listening
 */
export function watchPage({ woke, leaving }) {
  const stops = [
    listen("document", "visibilitychange", () => (globalThis.document.hidden ? leaving() : woke())),
    // A page that comes back from the back/forward cache goes on with its old variables.
    listen("window", "pageshow", (event) => /** @type {PageTransitionEvent} */ (event).persisted && woke()),
    listen("window", "pagehide", leaving),
  ];
  return () => stops.forEach((stop) => stop());
}

/**
 * @param {"document" | "window"} where
 * @param {string} name
 * @param {(event: Event) => unknown} listener
 * @returns {() => void}
 */
function listen(where, name, listener) {
  const target = /** @type {EventTarget | undefined} */ (globalThis[where]);
  target?.addEventListener(name, listener);
  return () => target?.removeEventListener(name, listener);
}
