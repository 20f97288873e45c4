/**
 * What a follower holds, kept across reloads: one JSON value per job with text and sequence together,
 * so they always agree. Storage that is full, blocked, corrupt or from another version means that
 * nothing is held (the server then sends a snapshot); it is never an error.
 */

import { emptyView, receive } from "./fold.js";

/** @import { JobView } from "./fold.js" */
/** @typedef {Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">} StorageLike */

const PREFIX = "jobcast:job:";
const VERSION = 1;
const MAX_JOBS = 20;

/** @returns {StorageLike | undefined} */
function sessionStorageIfAllowed() {
  try {
    return globalThis.sessionStorage;
  } catch {
    // A page without the right to store throws at the mere name.
    return undefined;
  }
}

/** The checkpoints of at most twenty jobs in a `Storage`. No method throws. */
export class CheckpointStore {
  /** @type {StorageLike | null | undefined} */
  #storage;

  /** @param {StorageLike | null} [storage] null: keep nothing */
  constructor(storage) {
    this.#storage = storage === undefined ? sessionStorageIfAllowed() : storage;
  }

  /**
   * @param {string} jobId
   * @returns {JobView | undefined}
   */
  load(jobId) {
    try {
      return restore(jobId, this.#storage?.getItem(PREFIX + jobId));
    } catch {
      return undefined;
    }
  }

  /**
   * @param {JobView} view
   * @returns {boolean} whether it is stored; if not, what was stored before still stands
   */
  save(view) {
    try {
      return this.#storage ? put(this.#storage, PREFIX + view.jobId, valueOf(view)) : false;
    } catch {
      return false;
    }
  }
}

/** @param {JobView} view */
function valueOf(view) {
  return JSON.stringify({ version: VERSION, savedAt: Date.now(), view: { ...view, reset: false } });
}

/**
 * @param {StorageLike} storage
 * @param {string} key
 * @param {string} value
 */
function put(storage, key, value) {
  if (storage.getItem(key) === null) dropOldest(storage, MAX_JOBS - 1);
  if (set(storage, key, value)) return true;
  const others = keysByAge(storage).filter((other) => other !== key);
  return others.some((oldest) => {
    storage.removeItem(oldest);
    return set(storage, key, value);
  });
}

/**
 * @param {StorageLike} storage
 * @param {string} key
 * @param {string} value
 * @returns {boolean} false: there is no room
 */
function set(storage, key, value) {
  try {
    storage.setItem(key, value);
    return true;
  } catch {
    return false;
  }
}

/**
 * @param {StorageLike} storage
 * @param {number} kept
 */
function dropOldest(storage, kept) {
  const keys = keysByAge(storage);
  keys.slice(0, Math.max(0, keys.length - kept)).forEach((key) => storage.removeItem(key));
}

/**
 * @param {string} jobId
 * @param {string | null | undefined} value
 * @returns {JobView | undefined}
 */
function restore(jobId, value) {
  const stored = parse(value);
  if (stored?.version !== VERSION) return undefined;
  // The fold knows what a view must look like: what is stored has to pass as a snapshot.
  const { outcome, view } = receive(emptyView(jobId), "job:snapshot", stored.view);
  return outcome === "applied" && isCheckpoint(view) ? view : undefined;
}

/** @param {Pick<JobView, "epoch" | "sequence">} view */
export function isCheckpoint({ epoch, sequence }) {
  return sequence > 0 && /^[0-9a-z]{12}$/.test(epoch);
}

/**
 * @param {string | null | undefined} value
 * @returns {{version?: unknown, savedAt?: unknown, view?: unknown} | undefined}
 */
function parse(value) {
  try {
    const stored = JSON.parse(value ?? "null");
    return typeof stored === "object" && stored !== null ? stored : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {StorageLike} storage
 * @returns {string[]} our keys, the oldest first; what cannot be read counts as the oldest
 */
function keysByAge(storage) {
  const keys = Array.from({ length: storage.length }, (_, index) => storage.key(index) ?? "");
  const ages = keys.filter((key) => key.startsWith(PREFIX)).map((key) => ({ key, at: savedAt(storage, key) }));
  return ages.sort((one, other) => one.at - other.at).map(({ key }) => key);
}

/**
 * @param {StorageLike} storage
 * @param {string} key
 */
function savedAt(storage, key) {
  return Number(parse(storage.getItem(key))?.savedAt) || 0;
}
