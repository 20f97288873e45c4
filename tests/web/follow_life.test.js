/** How a follower begins and ends: from storage, by silence and by close. */

import assert from "node:assert/strict";
import { beforeEach, describe, mock, test } from "node:test";

import { answer, following, pass, stopClocks } from "./following.js";
import { EPOCH, JOB, chunk, completed, snapshot, status } from "./job_events.js";
import { MemoryStorage, blockedStorage } from "./memory_storage.js";

beforeEach(stopClocks);

const asks = (socket) => socket.requests("job:subscribe").map(({ payload }) => payload);

describe("from storage", () => {
  test("a reload shows at once what was seen, and asks for the rest", () => {
    const storage = new MemoryStorage();
    const { socket, job: before, deliver } = following({ storage });
    deliver(status(1), chunk(2, "abc"));
    before.close();
    const { job: after } = following({ storage, socket });
    assert.equal(after.text, "abc");
    assert.deepEqual(asks(socket).at(-1), { jobId: JOB, epoch: EPOCH, lastSequence: 2 });
  });

  test("a job that had ended ends at once, without a server", async () => {
    const storage = new MemoryStorage();
    following({ storage }).deliver(status(1), chunk(2, "abc"), completed(3, { result: 1 }));
    const { socket: lonely, job } = following({ storage, connected: false });
    const done = mock.fn();
    job.addEventListener("done", done);
    assert.equal((await job.done).result, 1);
    assert.deepEqual([job.text, done.mock.callCount(), lonely.listenerCount], ["abc", 1, 0]);
    const finished = { jobId: JOB, status: "already_finished", outcome: "completed" };
    for (const wish of ["cancel", "pause", "resume"]) assert.deepEqual(await job[wish](), finished);
    assert.equal((await job[Symbol.asyncIterator]().next()).done, true);
  });

  test("a storage that is blocked or full changes nothing else", async () => {
    for (const storage of [blockedStorage, new MemoryStorage({ quota: 10 })]) {
      const { job, deliver } = following({ storage });
      deliver(status(1), chunk(2, "abc"));
      await pass(1_000);
      deliver(completed(3));
      assert.equal((await job.done).text, "abc");
    }
  });
});

describe("silence", () => {
  test("of 15 s is looked into: a lost end is found", async () => {
    const { socket, job, deliver } = following();
    deliver(status(1), chunk(2, "a"));
    await pass(14_500);
    assert.equal(asks(socket).length, 1);
    await pass(500);
    assert.deepEqual(asks(socket)[1], { jobId: JOB, epoch: EPOCH, lastSequence: 2 });
    await answer(socket);
    deliver(completed(3));
    assert.equal((await job.done).status, "completed");
    await pass(60_000);
    assert.equal(asks(socket).length, 2);
  });

  test("is looked into again and again, while there is a connection", async () => {
    const { socket } = following({ answered: false });
    for (let round = 0; round < 4; round++) {
      await answer(socket);
      await pass(15_000);
    }
    assert.equal(asks(socket).length, 5);
    socket.disconnect();
    await pass(60_000);
    assert.equal(asks(socket).length, 5);
  });

  test("is none while something comes", async () => {
    const { socket, deliver } = following();
    for (let sequence = 1; sequence < 10; sequence++) {
      deliver(sequence === 1 ? status(1) : chunk(sequence, "a"));
      await pass(10_000);
    }
    assert.equal(asks(socket).length, 1);
  });
});

describe("close", () => {
  test("removes everything and tells the server", async () => {
    const { socket, job, deliver } = following();
    deliver(status(1), chunk(2, "a"));
    job.close();
    job.close();
    assert.deepEqual(socket.requests("job:unsubscribe").map(({ payload }) => payload), [{ jobId: JOB }]);
    assert.equal(socket.listenerCount, 0);
    await assert.rejects(job.done, { code: "closed" });
    const count = socket.asked.length;
    socket.disconnect();
    socket.connect();
    await pass(120_000);
    assert.equal(socket.asked.length, count);
    assert.equal(job.text, "a");
  });

  test("by an abort signal, before or after the start", async () => {
    for (const early of [true, false]) {
      const controller = new AbortController();
      if (early) controller.abort();
      const { socket, job } = following({ signal: controller.signal });
      controller.abort();
      await assert.rejects(job.done, { code: "closed" });
      assert.equal(socket.listenerCount, 0);
      assert.equal(socket.requests("job:unsubscribe").length, early ? 0 : 1);
    }
  });

  test("within a change listener is obeyed, even at the end", () => {
    const { job, deliver } = following();
    const done = mock.fn();
    job.addEventListener("change", () => job.close());
    job.addEventListener("done", done);
    deliver(snapshot(3, "a", { status: "completed" }), chunk(4, "b"));
    assert.deepEqual([job.text, done.mock.callCount()], ["a", 0]);
  });

  test("without a connection sends nothing that would wait for the next", () => {
    const { socket, job } = following({ connected: false });
    job.close();
    assert.equal(socket.asked.length, 0);
  });

  test("the end of the job leaves the server too", () => {
    const { socket, deliver } = following();
    deliver(snapshot(3, "a", { status: "failed", error: { code: "c", message: "m", retryable: false } }));
    assert.equal(socket.requests("job:unsubscribe").length, 1);
    assert.equal(socket.listenerCount, 0);
  });
});
