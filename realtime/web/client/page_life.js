/** When the page wakes and when it may be about to go; says nothing where there is no page (Node). */

/** Whether somebody may see it; where there is no page, somebody does. */
export function pageIsVisible() {
  return !globalThis.document?.hidden;
}

/**
 * @param {{woke: () => void, leaving: () => void, turned: () => void}} listener turned: visible or hidden
 * @returns {() => void} stops listening
 */
export function watchPage({ woke, leaving, turned }) {
  const stops = [
    listen("document", "visibilitychange", () => (pageIsVisible() ? woke() : leaving())),
    listen("document", "visibilitychange", turned),
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
