/** The applied events of a job, read one by one. */

import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";

import { answer, following, refusal, stopClocks } from "./following.js";
import { chunk, completed, settled, status } from "./job_events.js";

beforeEach(stopClocks);

describe("the async iterator", () => {
  test("gives the applied events up to the end", async () => {
    const { job, deliver } = following();
    const names = [];
    const reading = (async () => {
      for await (const { name, view } of job) names.push([name, view.text]);
    })();
    deliver(status(1), chunk(2, "a"));
    await settled();
    deliver(chunk(2, "a"), chunk(3, "b"), completed(4));
    await reading;
    assert.deepEqual(names, [["job:status", ""], ["model:chunk", "a"], ["model:chunk", "ab"], ["job:completed", "ab"]]);
  });

  test("two readers get all, and one may stop early", async () => {
    const { job, deliver } = following();
    const [one, other] = [job[Symbol.asyncIterator](), job[Symbol.asyncIterator]()];
    deliver(status(1), chunk(2, "a"));
    await one.next();
    await one.return();
    assert.deepEqual(await one.next(), { value: undefined, done: true });
    deliver(completed(3));
    const sequences = [];
    for (let step = await other.next(); !step.done; step = await other.next()) sequences.push(step.value.view.sequence);
    assert.deepEqual(sequences, [1, 2, 3]);
  });

  test("throws what ends the following, after what was read before", async () => {
    const { socket, job, deliver } = following();
    const reader = job[Symbol.asyncIterator]();
    deliver(status(1));
    socket.disconnect();
    socket.connect();
    await answer(socket, refusal("not_found", false));
    assert.equal((await reader.next()).value.name, "job:status");
    await assert.rejects(reader.next(), { code: "not_found" });
    assert.equal((await reader.next()).done, true);
  });

  test("ends when the follower is closed", async () => {
    const { job } = following();
    const next = job[Symbol.asyncIterator]().next();
    job.close();
    assert.equal((await next).done, true);
    assert.equal((await job[Symbol.asyncIterator]().next()).done, true);
  });
});
