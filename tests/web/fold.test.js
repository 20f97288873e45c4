/** The reducer runs the cases that Python's fold runs, and refuses what only JavaScript can meet. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";

import { EVENTS } from "../../realtime/web/client/events.js";
import { emptyView, ended, receive } from "../../realtime/web/client/fold.js";

const CASES = new URL("../protocol_cases/", import.meta.url);
const JOB = "j0b00000000000000001";
const EPOCH = "aaaaaaaaaaaa";

const files = readdirSync(CASES).filter((name) => name.endsWith(".json"));
const read = (name) => JSON.parse(readFileSync(new URL(name, CASES), "utf8"));
/** A view as the cases write it: only what is present, and without the job's id. */
const visible = ({ jobId, ...view }) => JSON.parse(JSON.stringify(view));

for (const file of files.filter((name) => name !== "merge.json")) {
  describe(file, () => read(file).forEach((one) => test(one.name, () => runCase(one))));
}

function runCase({ jobId, steps, view: expected }) {
  let view = emptyView(jobId);
  steps.forEach(({ event, payload, outcome }, index) => {
    const before = structuredClone(view);
    const received = receive(view, event, payload);
    assert.equal(received.outcome, outcome, `step ${index + 1}: ${event} ${JSON.stringify(payload)}`);
    assert.deepEqual(view, before, "an event changes no view that was handed out");
    assert.equal(received.view === view, outcome !== "applied", "only an applied event makes a new view");
    view = received.view;
  });
  assert.deepEqual(visible(view), expected);
  assert.equal({}.polluted, undefined);
}

describe("merge.json", () => {
  const folded = (jobId, steps) =>
    steps.reduce((view, { event, payload }) => receive(view, event, payload).view, emptyView(jobId));
  for (const { name, jobId, one, other } of read("merge.json")) {
    test(name, () => assert.deepEqual(visible(folded(jobId, one)), visible(folded(jobId, other))));
  }
});

test("the cases meet every event and every outcome", () => {
  const steps = files.flatMap(read).flatMap(({ steps, one, other }) => steps ?? [...one, ...other]);
  assert.ok(steps.length > 400, `${steps.length} steps`);
  const met = new Set(steps.flatMap(({ event, outcome }) => [event, outcome]));
  for (const name of [...EVENTS, "applied", "duplicate", "gap", "closed", "ignored"]) assert.ok(met.has(name), name);
});

describe("what Python's types do not meet is ignored", () => {
  const held = receive(emptyView(JOB), "job:status", status("running")).view;
  const chunk = { jobId: JOB, sequence: 2, chunk: "a" };
  const refuses = (name, event, payload) =>
    test(name, () => assert.deepEqual(receive(held, event, payload), { outcome: "ignored", view: held }));

  for (const sequence of [-1, 2 ** 53, NaN, Infinity, 2n]) {
    refuses(`sequence ${sequence}`, "model:chunk", { ...chunk, sequence });
    refuses(`fromSequence ${sequence}`, "model:chunk", { ...chunk, fromSequence: sequence });
  }
  refuses("a job:status that ends the job", "job:status", { ...status("completed"), sequence: 2 });
  refuses("progress NaN", "job:progress", { jobId: JOB, sequence: 2, progress: NaN });
  refuses("a rewind to before the beginning", "model:rewind", { jobId: JOB, sequence: 2, length: -1, attempt: 1 });
  refuses("no payload", "model:chunk", undefined);
  refuses("a binary payload", "model:chunk", new Uint8Array(4));
  refuses("a chunk in a box", "model:chunk", { ...chunk, chunk: new String("a") });
  refuses("an inherited name", "toString", chunk);
});

test("a view of 200 000 chunks is made in linear time", () => {
  let view = receive(emptyView(JOB), "job:status", status("running")).view;
  const began = performance.now();
  for (let sequence = 2; sequence <= 200_000; sequence++) {
    view = receive(view, "model:chunk", { jobId: JOB, sequence, chunk: "word " }).view;
  }
  assert.equal(view.text.length, 199_999 * 5);
  assert.ok(performance.now() - began < 5_000);
});

test("only the three final statuses are an end", () => {
  const ends = ["queued", "running", "paused", "retrying", "stalled", "completed", "failed", "cancelled"].filter(
    (status) => ended({ ...emptyView(JOB), status }),
  );
  assert.deepEqual(ends, ["completed", "failed", "cancelled"]);
});

function status(status) {
  return { jobId: JOB, sequence: 1, timestamp: 1, status, attempt: 1, epoch: EPOCH };
}
