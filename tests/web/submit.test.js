/** A job is handed in once, however often it has to be asked. */

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { JobcastError, submitJob } from "../../realtime/web/client/index.js";
import { JOB, settled } from "./job_events.js";
import { ScriptedSocket } from "./scripted_socket.js";

const REQUEST = { agent: "chat", input: { prompt: "Hi" }, model: "essay" };
const ACCEPTED = { ok: true, jobId: JOB, status: "queued", sequence: 1 };
const refusal = (code, retryable) => ({ ok: false, error: { code, message: `it is ${code}`, retryable } });

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

async function pass(ms) {
  for (let left = ms; left > 0; left -= 500) {
    mock.timers.tick(500);
    await settled();
  }
}

test("an accepted job", async () => {
  const socket = new ScriptedSocket();
  const submitted = submitJob(socket, REQUEST);
  const { idempotencyKey, ...sent } = socket.asked[0].payload;
  assert.deepEqual(sent, REQUEST);
  assert.match(idempotencyKey, /^[0-9a-f]{32}$/);
  socket.answer("job:submit", { ...ACCEPTED, more: 1 });
  assert.deepEqual(await submitted, { jobId: JOB, status: "queued", sequence: 1 });
});

test("every submit has its own key, unless it brings one", () => {
  const socket = new ScriptedSocket();
  for (const idempotencyKey of [undefined, undefined, "mine"]) {
    submitJob(socket, { ...REQUEST, idempotencyKey }).catch(() => {});
  }
  const [one, two, three] = socket.asked.map(({ payload }) => payload.idempotencyKey);
  assert.notEqual(one, two);
  assert.equal(three, "mine");
});

test("an unanswered submit is repeated under the same key", async () => {
  const socket = new ScriptedSocket();
  const submitted = submitJob(socket, REQUEST);
  await pass(13_000);
  assert.ok(socket.asked.length >= 2);
  assert.equal(new Set(socket.asked.map(({ payload }) => payload.idempotencyKey)).size, 1);
  socket.answer("job:submit", ACCEPTED);
  assert.equal((await submitted).jobId, JOB);
});

test("a submit whose connection breaks is repeated", async () => {
  const socket = new ScriptedSocket();
  const submitted = submitJob(socket, REQUEST);
  socket.disconnect();
  await pass(1_000);
  socket.answer("job:submit", ACCEPTED);
  assert.equal((await submitted).jobId, JOB);
});

test("an overloaded server is asked again, a refusal is not", async () => {
  const socket = new ScriptedSocket();
  const submitted = submitJob(socket, REQUEST);
  socket.answer("job:submit", refusal("unavailable", true));
  await pass(1_000);
  assert.equal(socket.asked.length, 2);
  socket.answer("job:submit", refusal("unknown_agent", false));
  await assert.rejects(submitted, { name: "JobcastError", code: "unknown_agent", retryable: false });
  await pass(30_000);
  assert.equal(socket.asked.length, 2);
});

test("that no worker is there is said at once", async () => {
  const socket = new ScriptedSocket();
  const submitted = submitJob(socket, REQUEST);
  socket.answer("job:submit", refusal("no_worker", true));
  await assert.rejects(submitted, { code: "no_worker", message: "it is no_worker", retryable: true });
});

test("a server that never answers is given up after six tries", async () => {
  const socket = new ScriptedSocket();
  const submitted = submitJob(socket, REQUEST);
  submitted.catch(() => {});
  await pass(120_000);
  await assert.rejects(submitted, { code: "unanswered", retryable: true });
  assert.equal(socket.asked.length, 6);
});

test("nonsense for an answer counts as none", async () => {
  for (const nonsense of [undefined, null, 7, "ok", {}, { ok: true }, { ok: true, jobId: 7 }, { ok: false }]) {
    const socket = new ScriptedSocket();
    const submitted = submitJob(socket, REQUEST);
    socket.answer("job:submit", nonsense);
    await pass(1_000);
    socket.answer("job:submit", ACCEPTED);
    assert.equal((await submitted).jobId, JOB, JSON.stringify(nonsense));
  }
});

test("what would end the connection is not sent", async () => {
  const socket = new ScriptedSocket();
  const input = { prompt: "🚀".repeat(20_000) };
  const submitted = submitJob(socket, { ...REQUEST, input });
  await assert.rejects(submitted, (error) => error instanceof JobcastError && error.code === "too_large");
  assert.equal(socket.asked.length, 0);
});

test("an abort ends the waiting", async () => {
  const socket = new ScriptedSocket();
  const controller = new AbortController();
  const submitted = submitJob(socket, REQUEST, { signal: controller.signal });
  submitted.catch(() => {});
  await pass(5_000);
  controller.abort();
  await assert.rejects(submitted, { name: "AbortError" });
});
