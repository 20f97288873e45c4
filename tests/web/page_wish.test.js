/** What the page says of a job and how its buttons look, whatever is under way. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { emptyView } from "../../realtime/web/client/index.js";
import { headline, remark } from "../../realtime/web/page/standing.js";
import { faces, isMet } from "../../realtime/web/page/wish.js";
import { JOB } from "./job_events.js";

const OPEN = ["queued", "running", "paused", "retrying", "stalled"];
const FINAL = ["completed", "failed", "cancelled"];
const view = (status, fields = {}) => ({ ...emptyView(JOB), status, attempt: 1, ...fields });
const told = (status, fields) => [headline(view(status, fields), false), remark(view(status, fields))];

describe("the standing", () => {
  test("of a job that runs has its step, and its attempt from the second on", () => {
    assert.deepEqual(told("running"), ["running", ""]);
    assert.deepEqual(told("running", { step: "reading", attempt: 2 }), ["running", "reading · attempt 2"]);
    assert.deepEqual(told("queued", { attempt: 0 }), ["queued", ""]);
  });

  test("of one that rests says why, and what comes next", () => {
    assert.deepEqual(told("paused"), ["paused", "ten minutes at most"]);
    assert.deepEqual(told("paused", { reason: "lunch", step: "x" }), ["paused", "lunch · ten minutes at most"]);
    assert.deepEqual(told("retrying", { reason: "HTTP 429" }), ["trying again (attempt 2)…", "HTTP 429"]);
    assert.deepEqual(told("stalled"), ["stalled", "the worker fell silent; looking for another…"]);
    assert.deepEqual(told("stalled", { reason: "its lease ran out" })[1], "its lease ran out; looking for another…");
  });

  test("of one that ended has its reason, or what it took", () => {
    assert.deepEqual(told("cancelled", { reason: "enough" }), ["cancelled", "enough"]);
    assert.deepEqual(told("completed", { usage: { output_tokens: 7, estimated: true } })[1], "about 7 tokens");
  });

  test("of one that is followed no more is lost, whatever it was", () => {
    for (const status of OPEN) assert.equal(headline(view(status), true), "lost");
  });
});

describe("the buttons", () => {
  const looks = (status, wish) => {
    const { stop, pause } = faces(status, wish);
    return [stop, pause].map(({ label, disabled }) => (disabled ? `(${label})` : label));
  };

  test("offer to resume what is paused, and to pause everything else", () => {
    for (const status of OPEN) assert.deepEqual(looks(status), ["Stop", status === "paused" ? "Resume" : "Pause"]);
    assert.deepEqual(faces("paused").pause.wish, "resume");
    assert.deepEqual(faces("stalled").pause.wish, "pause");
  });

  test("are disabled while a request is under way; stopping overtakes", () => {
    assert.deepEqual(looks("running", "pause"), ["Stop", "(Pausing…)"]);
    assert.deepEqual(looks("paused", "resume"), ["Stop", "(Resuming…)"]);
    assert.deepEqual(looks("running", "stop"), ["(Stopping…)", "(Pause)"]);
    assert.deepEqual(looks("paused", "stop"), ["(Stopping…)", "(Resume)"]);
  });

  test("rest when the events say that it has come about", () => {
    const met = (wish) => OPEN.filter((status) => isMet(wish, status));
    assert.deepEqual(met("pause"), ["paused"]);
    assert.deepEqual(met("resume"), ["queued", "running", "retrying", "stalled"]);
    assert.deepEqual(met("stop"), []);
    for (const wish of ["pause", "resume", "stop"]) assert.ok(FINAL.every((status) => isMet(wish, status)));
  });
});
