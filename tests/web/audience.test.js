/** Followers of one socket do not disturb each other, and none is left alone by an orderly goodbye. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { following, pass, stopClocks } from "./following.js";
import { JOB, OTHER, chunk, snapshot, status } from "./job_events.js";
import { ScriptedSocket } from "./scripted_socket.js";

beforeEach(stopClocks);

const deliver = (socket, ...events) => events.forEach((event) => socket.deliver(...event));

describe("several followers of one socket", () => {
  test("each get their own job", () => {
    const socket = new ScriptedSocket();
    const [one, other] = [JOB, OTHER].map((jobId) => following({ socket, jobId }).job);
    deliver(socket, snapshot(5, "one"), ["job:snapshot", { ...snapshot(7, "other")[1], jobId: OTHER }]);
    one.close();
    deliver(socket, chunk(6, "!"), ["model:chunk", { ...chunk(8, "!")[1], jobId: OTHER }]);
    assert.deepEqual([one.text, other.text], ["one", "other!"]);
  });

  test("of one job: the first to leave does not unsubscribe the second", async () => {
    const socket = new ScriptedSocket();
    const [one, other] = [JOB, JOB].map((jobId) => following({ socket, jobId }).job);
    deliver(socket, snapshot(5, "abc"));
    one.close();
    assert.equal(socket.requests("job:unsubscribe").length, 0);
    deliver(socket, chunk(6, "d"));
    assert.deepEqual([one.text, other.text], ["abc", "abcd"]);
    other.close();
    assert.equal(socket.requests("job:unsubscribe").length, 1);
    assert.equal(socket.listenerCount, 0);
  });

  test("of one job: one that comes late brings the first out of step for nobody", async () => {
    const { socket, job: one } = following();
    deliver(socket, status(1), chunk(2, "a"), chunk(3, "b"));
    const { job: other } = following({ socket });
    deliver(socket, snapshot(3, "ab"), chunk(4, "c"));
    assert.deepEqual([one.text, other.text], ["abc", "abc"]);
  });
});

describe("a new connection", () => {
  test("is sought when the server ended the last one in good order", async () => {
    const { socket } = following();
    socket.disconnect("io server disconnect");
    await pass(2_000);
    assert.equal(socket.connected, true);
  });

  test("is not sought when the page itself ended the last one", async () => {
    const { socket } = following();
    socket.disconnect("io client disconnect");
    await pass(60_000);
    assert.equal(socket.connected, false);
  });
});
