/** The server is told who looks: seldom, only about what is subscribed, and nothing depends on it. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";

import { answer, following, pass, refusal, stopClocks } from "./following.js";
import { EPOCH, JOB, OTHER, chunk, completed, settled, status } from "./job_events.js";
import { closePage, hide, openPage } from "./page.js";
import { ScriptedSocket } from "./scripted_socket.js";

beforeEach(stopClocks);
afterEach(closePage);

const told = (socket) => socket.requests("job:visibility").map(({ payload }) => payload.visible);

async function agree(socket) {
  for (const { payload, answer: reply } of socket.requests("job:visibility")) reply({ ok: true, ...payload });
  await settled();
}

async function reconnect(socket) {
  socket.disconnect();
  socket.connect();
  await answer(socket);
}

describe("a page", () => {
  beforeEach(openPage);

  test("that is hidden and shown says so at once, for each of its jobs", async () => {
    const socket = new ScriptedSocket();
    for (const jobId of [JOB, OTHER]) following({ socket, jobId });
    hide();
    assert.deepEqual(
      socket.requests("job:visibility").map(({ payload }) => payload),
      [{ jobId: JOB, visible: false }, { jobId: OTHER, visible: false }],
    );
    await pass(1_000);
    hide(false);
    assert.deepEqual(told(socket), [false, false, true, true]);
  });

  test("that is visible from the start says nothing", async () => {
    const { socket } = following();
    await reconnect(socket);
    await pass(10_000);
    assert.deepEqual(told(socket), []);
  });

  test("that flips says the last of it, once a second", async () => {
    const { socket } = following();
    for (let flip = 0; flip < 9; flip++) hide(flip % 2 === 0);
    assert.deepEqual(told(socket), [false]);
    await agree(socket);
    await pass(10_000);
    assert.deepEqual(told(socket), [false]);
    for (let flip = 1; flip < 9; flip++) hide(flip % 2 === 0);
    hide(false);
    assert.deepEqual(told(socket), [false, true]);
    hide();
    await pass(500);
    assert.deepEqual(told(socket), [false, true]);
    await pass(500);
    assert.deepEqual(told(socket), [false, true, false]);
  });

  test("that was hidden before its job is subscribed says it then, and not before", async () => {
    const { socket } = following({ connected: false });
    hide();
    socket.connect();
    assert.deepEqual(told(socket), []);
    await answer(socket);
    assert.deepEqual(told(socket), [false]);
  });

  test("that stays hidden says it again after each subscription", async () => {
    const { socket, deliver } = following();
    hide();
    await agree(socket);
    await pass(1_000);
    await reconnect(socket);
    assert.deepEqual(told(socket), [false, false]);
    await agree(socket);
    await pass(1_000);
    deliver(status(1), chunk(5, "gap"));
    await answer(socket);
    assert.deepEqual(told(socket), [false, false, false]);
  });

  test("that is shown while there is no connection says nothing on the next, which starts visible", async () => {
    const { socket } = following();
    hide();
    await agree(socket);
    socket.disconnect();
    hide(false);
    await pass(2_000);
    socket.connect();
    await answer(socket);
    await pass(2_000);
    assert.deepEqual(told(socket), [false]);
  });

  test("plays no part for who does not want it", async () => {
    const { socket } = following({ visibility: false });
    hide();
    await pass(2_000);
    assert.deepEqual(told(socket), []);
  });

  test("whose jobs are closed or done says nothing more", async () => {
    for (const leave of ["close", "end"]) {
      const { socket, job, deliver } = following();
      hide();
      hide(false);
      await answer(socket);
      if (leave === "close") job.close();
      else deliver(status(1), completed(2));
      await pass(5_000);
      assert.deepEqual(told(socket), [false], leave);
    }
  });
});

describe("who says it oneself", () => {
  test("is heard, also where there is no page", async () => {
    const { socket, job } = following();
    job.setVisible(false);
    await pass(1_000);
    job.setVisible(true);
    assert.deepEqual(told(socket), [false, true]);
  });

  test("does not make a hidden page visible", async () => {
    openPage();
    const { socket, job } = following();
    hide();
    await pass(1_000);
    job.setVisible(false);
    job.setVisible(true);
    await pass(2_000);
    assert.deepEqual(told(socket), [false]);
  });

  test("speaks for one follower: a job is visible while any of its followers is", async () => {
    const { socket, job: one } = following();
    one.setVisible(false);
    await pass(1_000);
    const { job: other } = following({ socket });
    await pass(1_000);
    assert.deepEqual(told(socket), [false, true]);
    other.close();
    assert.deepEqual(told(socket), [false, true, false]);
  });

  test("says nothing of a job that is closed", () => {
    const { socket, job } = following();
    job.close();
    job.setVisible(false);
    assert.deepEqual(told(socket), []);
  });
});

describe("a request that fails", () => {
  test("is repeated at the next change, and not before", async () => {
    for (const refused of [refusal("not_found", false), refusal("unavailable", true), undefined]) {
      const { socket, job, seen, deliver } = following();
      deliver(status(1));
      job.setVisible(false);
      if (refused) socket.answer("job:visibility", refused);
      for (let second = 0; second < 10; second++) await pass(1_000);
      assert.deepEqual(told(socket), [false]);
      job.setVisible(true);
      await pass(1_000);
      job.setVisible(false);
      assert.deepEqual(told(socket), [false, true, false]);
      assert.deepEqual(seen, [["change", "job:status"]], "nobody minds");
      job.close();
    }
  });

  test("because the server knows no such request, and closes, is not the beginning of a loop", async () => {
    const { socket, job } = following();
    job.setVisible(false);
    for (let round = 0; round < 3; round++) {
      await reconnect(socket);
      await pass(2_000);
    }
    assert.deepEqual(told(socket), [false]);
  });
});

test("events count while the server has not answered, and the checkpoint stays what it is", async () => {
  const { socket, job, deliver, subscribes } = following();
  deliver(status(1), chunk(2, "a"));
  job.setVisible(false);
  deliver(chunk(3, "b"), chunk(5, "cd", { fromSequence: 4 }), chunk(5, "d"), chunk(4, "c"));
  await agree(socket);
  await pass(1_000);
  job.setVisible(true);
  deliver(chunk(8, "efg", { fromSequence: 6 }), chunk(9, "h"));
  assert.equal(job.text, "abcdefgh");
  assert.equal(subscribes().length, 1);
  await reconnect(socket);
  assert.deepEqual(subscribes().at(-1), { jobId: JOB, epoch: EPOCH, lastSequence: 9 });
});
