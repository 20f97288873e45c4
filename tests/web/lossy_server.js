/**
 * A server with one job, behind a network that loses, doubles, delays and reorders.
 *
 * It is worse than Socket.IO, which does none of it on one connection, but in one thing: nothing overtakes
 * a reset or an answer, and a reset is not lost without its connection. No event names its epoch, so no
 * client could tell.
 */

import { JOB } from "./job_events.js";

/** A small generator of random numbers with a seed (mulberry32). */
export function dice(seed) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { next, below: (n) => Math.floor(next() * n), chance: (p) => next() < p };
}

export class LossyServer {
  /** What each writer wrote, from the first event on: `{event, text, status}` after it. Never forgotten. */
  truth = new Map();
  met = { gap: 0, duplicate: 0, reset: 0, delta: 0, lost: 0, failover: 0, attempt: 0 };
  #log = [];
  #epochs = [];
  #frames = [];
  #cursor;
  #answered = 0;

  constructor(random) {
    this.random = random;
    this.claim();
  }

  get head() {
    return this.#log.length;
  }

  get ended() {
    return this.#log.at(-1).event[0] === "job:completed";
  }

  get last() {
    return this.#log.at(-1);
  }

  /** A new writer takes over, and may drop some of what its predecessor wrote. */
  claim() {
    this.met.attempt++;
    const epoch = Array.from({ length: 12 }, () => this.random.below(36).toString(36)).join("");
    this.#epochs.push({ epoch, first: this.head + 1 });
    this.truth.set(epoch, [...this.#log]);
    this.append("job:status", { status: "running", attempt: this.#epochs.length, epoch });
    const length = this.random.below(this.last.text.length + 2);
    if (this.random.chance(0.5)) this.append("model:rewind", { length, attempt: this.#epochs.length, reason: "retry" });
  }

  append(name, fields) {
    const before = this.#log.at(-1) ?? { text: "", status: "queued" };
    const event = [name, { jobId: JOB, sequence: this.head + 1, timestamp: 1, ...fields }];
    const text = before.text.slice(0, fields.length ?? Infinity) + (fields.chunk ?? "");
    const status = name === "job:completed" ? "completed" : (fields.status ?? before.status);
    this.#write({ event, text, status });
  }

  /** Redis forgets its newest events; the writer writes them again, or another one takes over. */
  failover() {
    if (this.ended || this.head < 3) return;
    this.met.failover++;
    this.#log.length = Math.max(1, this.head - 1 - this.random.below(5));
    const epoch = this.#epochs.at(-1);
    this.#epochs = this.#epochs.filter(({ first }) => first <= this.head);
    const survives = this.#epochs.at(-1) === epoch;
    if (survives && this.random.chance(0.5)) this.#replayAll(this.truth.get(epoch.epoch).slice(this.head));
    else this.claim();
  }

  /** Take the requests that have come in; a lossy server may not see one, or lose its answer. */
  serve(socket, { lossy = true } = {}) {
    for (; this.#answered < socket.asked.length; this.#answered++) {
      const request = socket.asked[this.#answered];
      if (request.name !== "job:subscribe" || (lossy && this.random.chance(0.15))) continue;
      const frames = this.#subscribe(request.payload);
      if (!lossy || this.random.chance(0.85)) this.#frames.push({ answer: request.answer, barrier: true });
      frames.forEach((frame) => this.#send(frame));
    }
  }

  /** Give the client one frame: mostly the first, at times one of the next; some twice, some never. */
  deliver(socket, view, { lossy = true } = {}) {
    if (!this.#frames.length) return false;
    const barrier = this.#frames.findIndex(({ barrier }) => barrier);
    const reach = Math.max(1, Math.min(3, this.#frames.length, barrier < 0 ? Infinity : barrier));
    const [frame] = this.#frames.splice(lossy && this.random.chance(0.2) ? this.random.below(reach) : 0, 1);
    if (frame.barrier || !lossy) return this.#hand(socket, view, frame);
    if (this.random.chance(0.08)) return (this.met.lost++, true);
    if (this.random.chance(0.25)) this.#frames.unshift(frame);
    return this.#hand(socket, view, frame);
  }

  /** The connection is gone with all that was on its way, in both directions. */
  cut(socket) {
    this.#frames = [];
    this.#cursor = undefined;
    this.#answered = socket.asked.length;
  }

  /** Silently lose what is on its way. */
  lose() {
    this.met.lost += this.#frames.length;
    this.#frames = this.#frames.filter(({ barrier }) => barrier);
  }

  #hand(socket, view, frame) {
    if (frame.answer) frame.answer({ ok: true, jobId: JOB, mode: "delta" });
    else this.#count(frame.event, view()), socket.deliver(...structuredClone(frame.event));
    return true;
  }

  #count([name, { sequence, fromSequence = sequence, reset }], view) {
    if (name === "job:snapshot") this.met.reset += reset ? 1 : 0;
    else if (sequence <= view.sequence) this.met.duplicate++;
    else if (fromSequence !== view.sequence + 1) this.met.gap++;
  }

  #write(entry) {
    this.truth.get(this.#epochs.at(-1).epoch).push(entry);
    this.#replay(entry);
  }

  #replayAll(entries) {
    entries.forEach((entry) => this.#replay(entry));
  }

  #replay(entry) {
    this.#log.push(entry);
    // The bus loses some; the next one brings the follower what it missed.
    if (this.#cursor && this.random.chance(0.9)) this.#catchUp().forEach((frame) => this.#send(frame));
  }

  #send(frame) {
    this.#frames.push(frame);
    this.#cursor = { epoch: this.#epochs.at(-1).epoch, sequence: frame.event[1].sequence };
  }

  #subscribe({ epoch, lastSequence: sequence }) {
    this.#cursor = { epoch, sequence: sequence ?? 0 };
    return sequence === undefined ? [this.#snapshot(false)] : this.#catchUp();
  }

  /** What the follower has to get: the events after its position, or a reset if that is not in the log. */
  #catchUp() {
    const { epoch, sequence } = this.#cursor;
    const index = this.#epochs.findIndex((known) => known.epoch === epoch);
    const end = index < 0 ? -1 : (this.#epochs[index + 1]?.first ?? this.head + 1) - 1;
    if (sequence > (epoch ? end : this.head)) return [this.#snapshot(true)];
    this.met.delta++;
    return this.#merged(this.#log.slice(sequence).map(({ event }) => event));
  }

  #merged(events) {
    const merged = [];
    for (const [name, payload] of events) {
      const last = merged.at(-1);
      const joins = name === "model:chunk" && last?.[0] === name && this.random.chance(0.6);
      if (!joins) merged.push([name, payload]);
      else merged[merged.length - 1] = [name, join(last[1], payload)];
    }
    return merged.map((event) => ({ event }));
  }

  #snapshot(reset) {
    const { event, text, status } = this.last;
    const { epoch } = this.#epochs.at(-1);
    const sequence = event[1].sequence;
    const payload = { jobId: JOB, epoch, sequence, reset, text, status, attempt: 1 };
    return { barrier: reset, event: ["job:snapshot", payload] };
  }
}

function join(one, other) {
  return { ...other, chunk: one.chunk + other.chunk, fromSequence: one.fromSequence ?? one.sequence };
}
