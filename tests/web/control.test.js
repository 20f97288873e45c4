/** What a follower may ask of its job: cancel, pause, resume. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { following, pass, refusal, stopClocks } from "./following.js";
import { JOB, status } from "./job_events.js";

beforeEach(stopClocks);

const ACCEPTED = { ok: true, jobId: JOB, status: "accepted" };
const PAYLOADS = { cancel: { jobId: JOB, reason: "why" }, pause: { jobId: JOB, reason: "why" }, resume: { jobId: JOB } };

for (const [wish, payload] of Object.entries(PAYLOADS)) {
  const name = `job:${wish}`;

  describe(wish, () => {
    test("asks the server until it answers", async () => {
      const { socket, job, asked } = following();
      const answered = job[wish]("why");
      await pass(6_000);
      assert.deepEqual(asked(name), [payload, payload]);
      socket.answer(name, ACCEPTED);
      assert.equal((await answered).status, "accepted");
    });

    test("says how the job has ended", async () => {
      const { socket, job } = following();
      const answered = job[wish]();
      socket.answer(name, { ...ACCEPTED, status: "already_finished", outcome: "failed" });
      const { status, outcome } = await answered;
      assert.deepEqual([status, outcome], ["already_finished", "failed"]);
    });

    test("says what the server refuses, and asks no more", async () => {
      const { socket, job, asked } = following();
      const answered = job[wish]();
      socket.answer(name, refusal("not_found", false));
      await assert.rejects(answered, { code: "not_found" });
      await pass(60_000);
      assert.equal(asked(name).length, 1);
    });

    test("is tried again while the server can not", async () => {
      const { socket, job, asked } = following();
      const answered = job[wish]();
      socket.answer(name, refusal("unavailable", true));
      await pass(1_000);
      assert.equal(asked(name).length, 2);
      socket.answer(name, ACCEPTED);
      assert.equal((await answered).status, "accepted");
    });

    test("changes nothing by itself: the events do", async () => {
      const { socket, job, deliver } = following();
      deliver(status(1));
      const answered = job[wish]();
      socket.answer(name, ACCEPTED);
      await answered;
      assert.equal(job.view.status, "running");
    });
  });
}

test("a pause is not repeated once something newer is asked", async () => {
  const { socket, job, asked } = following();
  const paused = assert.rejects(job.pause(), { code: "superseded" });
  const resumed = job.resume();
  await pass(4_000);
  socket.answer("job:resume", ACCEPTED);
  assert.equal((await resumed).status, "accepted");
  await pass(60_000);
  await paused;
  assert.equal(asked("job:pause").length, 1);
});

test("a pause that is answered after something newer was asked has its answer", async () => {
  const { socket, job } = following();
  const [paused, resumed] = [job.pause(), job.resume()];
  socket.answer("job:pause", ACCEPTED);
  socket.answer("job:resume", ACCEPTED);
  assert.deepEqual([(await paused).status, (await resumed).status], ["accepted", "accepted"]);
});
