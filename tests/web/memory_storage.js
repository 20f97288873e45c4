/** A `Storage` in memory that can be small, and broken in the ways that browsers know. */

export class MemoryStorage {
  #values = new Map();

  constructor({ quota = Infinity } = {}) {
    this.quota = quota;
    this.writes = 0;
  }

  get length() {
    return this.#values.size;
  }

  key(index) {
    return [...this.#values.keys()][index] ?? null;
  }

  getItem(key) {
    return this.#values.get(key) ?? null;
  }

  setItem(key, value) {
    const others = [...this.#values].filter(([other]) => other !== key);
    const size = others.reduce((sum, [name, held]) => sum + name.length + held.length, key.length + value.length);
    if (size > this.quota) throw new DOMException("The quota has been exceeded.", "QuotaExceededError");
    this.#values.set(key, value);
    this.writes++;
  }

  removeItem(key) {
    this.#values.delete(key);
  }
}

/** What a page gets that may not store: every access throws. */
export const blockedStorage = new Proxy(
  {},
  {
    get() {
      throw new DOMException("The operation is insecure.", "SecurityError");
    },
  },
);
