/**
 * The answer as plain text. What only grew is appended; the rest of the page stays untouched.
 *
 * A long text goes into several blocks, parted after a line end, so that the browser lays out the last
 * one only; `textContent`, what is seen and what is copied are the same as those of one block.
 */

const BLOCK_LENGTH = 16_000;

export class Answer {
  #shown = "";

  /** @param {HTMLElement} element */
  constructor(element) {
    this.element = element;
  }

  /** @param {string} text */
  show(text) {
    if (text === this.#shown) return;
    if (!text.startsWith(this.#shown)) this.#clear();
    this.#append(text.slice(this.#shown.length));
    this.#shown = text;
  }

  #clear() {
    this.element.replaceChildren();
    this.#shown = "";
  }

  /** @param {string} text */
  #append(text) {
    for (let rest = text; rest; ) {
      const block = this.#lastBlock();
      const end = roomIn(block, rest);
      block.appendData(rest.slice(0, end));
      rest = rest.slice(end);
    }
  }

  /** @returns {Text} one that has not ended */
  #lastBlock() {
    const last = this.element.lastElementChild?.firstChild;
    if (last instanceof Text && !isFull(last)) return last;
    const text = new Text();
    const block = document.createElement("div");
    block.append(text);
    this.element.append(block);
    return text;
  }
}

/** @param {Text} block */
function isFull(block) {
  return block.length >= BLOCK_LENGTH && block.data.endsWith("\n");
}

/**
 * @param {Text} block
 * @param {string} text
 * @returns {number} how much of `text` belongs into `block`
 */
function roomIn(block, text) {
  const lineEnd = text.indexOf("\n", Math.max(0, BLOCK_LENGTH - block.length - 1));
  return lineEnd < 0 ? text.length : lineEnd + 1;
}
