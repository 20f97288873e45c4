/** A follower asks, is caught up, closes gaps and comes back; here against a socket without a network. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { SUBSCRIBED, answer, following, pass, refusal, stopClocks } from "./following.js";
import { EPOCH, JOB, NEXT_EPOCH, OTHER, chunk, completed, snapshot, status } from "./job_events.js";
import { MemoryStorage } from "./memory_storage.js";

beforeEach(stopClocks);

describe("a job that goes well", () => {
  test("is followed to its end", async () => {
    const { job, seen, deliver, subscribes } = following();
    assert.deepEqual(subscribes(), [{ jobId: JOB }]);
    deliver(snapshot(1, ""), chunk(2, "Hel"), chunk(3, "lo"));
    assert.equal(job.text, "Hello");
    deliver(completed(4, { result: 7 }));
    assert.deepEqual(seen.slice(-2), [["change", "job:completed"], ["done", "completed"]]);
    assert.equal((await job.done).result, 7);
    assert.equal(job.view.sequence, 4);
  });

  test("tells of each applied event with the view after it", async () => {
    const { job, deliver } = following();
    const texts = [];
    job.addEventListener("change", ({ detail: { name, view, payload } }) => {
      texts.push([name, view.text, payload.sequence]);
    });
    deliver(status(1), chunk(2, "a"), chunk(2, "a"), chunk(3, "b"), chunk(5, "d"));
    assert.deepEqual(texts, [["job:status", "", 1], ["model:chunk", "a", 2], ["model:chunk", "ab", 3]]);
  });

  test("is not disturbed by events of other jobs and of other kinds", () => {
    const { job, socket, deliver } = following();
    deliver(status(1), ["model:chunk", { ...chunk(2, "x")[1], jobId: OTHER }], ["model:chunk", undefined]);
    deliver(["model:chunk", { ...chunk(2, "x")[1], jobId: "__proto__" }], ["model:thought", chunk(2, "x")[1]]);
    socket.deliver("job:status");
    assert.equal(job.view.sequence, 1);
  });

  test("waits for the connection, and asks then", () => {
    const { socket, subscribes } = following({ connected: false });
    assert.deepEqual(subscribes(), []);
    socket.connect();
    assert.deepEqual(subscribes(), [{ jobId: JOB }]);
  });
});

describe("a gap", () => {
  test("is closed by asking with the checkpoint that is held, once", async () => {
    const { socket, job, deliver, subscribes } = following();
    deliver(status(1), chunk(2, "a"), chunk(4, "c"), chunk(5, "d"));
    assert.deepEqual(subscribes().slice(1), [{ jobId: JOB, epoch: EPOCH, lastSequence: 2 }]);
    deliver(chunk(6, "e"));
    assert.equal(job.text, "a");
    await answer(socket);
    deliver(chunk(5, "bcd", { fromSequence: 3 }), chunk(6, "e"));
    assert.equal(job.text, "abcde");
    assert.equal(subscribes().length, 2);
  });

  test("is closed by a reset, and the job goes on from there", async () => {
    const { socket, job, deliver } = following();
    deliver(status(1), chunk(2, "a"), chunk(9, "x"));
    await answer(socket);
    deliver(snapshot(5, "new", { epoch: NEXT_EPOCH, reset: true, attempt: 2 }), chunk(6, "!"));
    assert.deepEqual([job.text, job.view.epoch, job.view.attempt], ["new!", NEXT_EPOCH, 2]);
  });

  test("that deltas do not close is closed by a snapshot, and not in a hurry", async () => {
    const { socket, job, deliver, subscribes } = following();
    deliver(status(1));
    for (let round = 0; round < 3; round++) {
      deliver(chunk(3, "b"));
      await pass(2_000);
      await answer(socket);
    }
    assert.deepEqual(subscribes().slice(1).map(({ lastSequence }) => lastSequence), [1, 1, undefined]);
    deliver(snapshot(3, "ab"));
    assert.equal(job.text, "ab");
  });
});

describe("a new connection", () => {
  test("goes on from the checkpoint", async () => {
    const { socket, deliver, job, subscribes } = following();
    deliver(status(1), chunk(2, "a"));
    socket.disconnect();
    socket.connect();
    assert.deepEqual(subscribes().at(-1), { jobId: JOB, epoch: EPOCH, lastSequence: 2 });
    await answer(socket);
    deliver(chunk(3, "b"));
    assert.equal(job.text, "ab");
  });

  test("makes an unanswered request of the old one void", async () => {
    const { socket, seen, subscribes } = following();
    socket.disconnect();
    socket.connect();
    assert.equal(subscribes().length, 2);
    socket.asked[0].answer(refusal("not_found", false));
    await pass(1_000);
    assert.deepEqual(seen, []);
    assert.equal(subscribes().length, 2);
  });
});

describe("a request to subscribe", () => {
  test("that is not answered is repeated, ever more seldom", async () => {
    const { seen, subscribes } = following({ answered: false });
    await pass(60_000);
    const count = subscribes().length;
    assert.ok(count >= 5 && count <= 10, `${count} in a minute`);
    assert.deepEqual(seen[0], ["retry", "unanswered"]);
    assert.ok(seen.every(([name]) => name === "retry"));
  });

  test("is waited for: nothing counts from the question to the answer", async () => {
    const { socket, job, deliver } = following();
    deliver(status(1), chunk(2, "a"));
    socket.disconnect();
    socket.connect();
    deliver(chunk(3, "of whom?"), snapshot(9, "of when?", { reset: true }));
    assert.equal(job.text, "a");
    socket.answer("job:subscribe", SUBSCRIBED);
    deliver(chunk(3, "b"), chunk(4, "c"));
    assert.equal(job.text, "abc", "and everything counts right behind the answer");
  });

  test("that is answered late counts no more than the one that followed it", async () => {
    const { socket, job, deliver, subscribes } = following({ answered: false });
    await pass(6_000);
    assert.equal(subscribes().length, 2);
    socket.asked[0].answer(refusal("not_found", false));
    await answer(socket);
    deliver(snapshot(2, "a"));
    await pass(10_000);
    assert.equal(subscribes().length, 2);
    assert.equal(job.text, "a");
  });

  test("that meets an overloaded server is repeated", async () => {
    for (const code of ["unavailable", "too_many"]) {
      const { socket, seen, subscribes } = following({ answered: false });
      await answer(socket, refusal(code, true));
      await pass(1_000);
      assert.equal(subscribes().length, 2);
      assert.deepEqual(seen, [["retry", code]]);
    }
  });

  test("for a job that is not there is the end of it", async () => {
    const { socket, job, seen, subscribes } = following({ answered: false });
    await answer(socket, refusal("not_found", false));
    assert.deepEqual(seen, [["error", "not_found"]]);
    await assert.rejects(job.done, { code: "not_found", message: "it is not_found", retryable: false });
    await pass(60_000);
    assert.equal(subscribes().length, 1);
    assert.equal(socket.listenerCount, 0);
  });

  test("for a job whose log is gone leaves what was seen of it", async () => {
    const storage = new MemoryStorage();
    const first = following({ storage });
    first.deliver(status(1), chunk(2, "a"));
    first.job.close();
    const { socket, job } = following({ storage, answered: false });
    await answer(socket, refusal("not_found", false));
    assert.equal(job.text, "a");
  });
});
