/** At most one rendering per animation frame, however fast the events come. */

/**
 * @param {() => void} render
 * @returns {() => void} asks for a rendering
 */
export function everyFrame(render) {
  let asked = false;
  return () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      render();
    });
  };
}
