/** A page without a browser: what the client looks at of `document` and `window`. */

export function openPage() {
  globalThis.document = Object.assign(new EventTarget(), { hidden: false });
  globalThis.window = new EventTarget();
}

export function closePage() {
  delete globalThis.document;
  delete globalThis.window;
}

export function hide(hidden = true) {
  globalThis.document.hidden = hidden;
  globalThis.document.dispatchEvent(new Event("visibilitychange"));
}
