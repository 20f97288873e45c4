/** What is held is stored whole or not at all, and trouble with the storage is no trouble for the page. */

import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";

import { CheckpointSaver } from "../../realtime/web/client/checkpoint_saver.js";
import { CheckpointStore } from "../../realtime/web/client/checkpoint.js";
import { emptyView, receive } from "../../realtime/web/client/fold.js";
import { JOB, chunk, snapshot } from "./job_events.js";
import { MemoryStorage, blockedStorage } from "./memory_storage.js";

const KEY = `jobcast:job:${JOB}`;
const viewOf = (...args) => receive(emptyView(JOB), ...snapshot(...args)).view;
const visible = (view) => JSON.parse(JSON.stringify(view));

describe("a stored view", () => {
  const full = viewOf(7, "a🚀\u2028\0\"", {
    ...{ status: "completed", progress: 33.3, step: "draft", reason: "why", result: { n: [null, 1] } },
    ...{ usage: { output_tokens: 7, estimated: true }, error: { code: "c", message: "m", retryable: true } },
  });

  test("comes back as it was", () => {
    const store = new CheckpointStore(new MemoryStorage());
    assert.equal(store.save(full), true);
    assert.deepEqual(visible(store.load(JOB)), visible(full));
  });

  test("is one JSON value with a version", () => {
    const storage = new MemoryStorage();
    new CheckpointStore(storage).save(full);
    assert.equal(storage.length, 1);
    assert.equal(JSON.parse(storage.getItem(KEY)).version, 1);
  });

  test("goes on where it was", () => {
    const store = new CheckpointStore(new MemoryStorage());
    store.save(viewOf(7, "abc"));
    assert.equal(receive(store.load(JOB), ...chunk(8, "d")).view.text, "abcd");
  });

  test("belongs to its job", () => {
    const storage = new MemoryStorage();
    new CheckpointStore(storage).save(full);
    storage.setItem("jobcast:job:other", storage.getItem(KEY));
    assert.equal(new CheckpointStore(storage).load("other"), undefined);
  });
});

describe("nothing is held", () => {
  const good = JSON.parse(JSON.stringify({ version: 1, savedAt: 1, view: { ...viewOf(7, "abc"), reset: false } }));
  const broken = {
    "when nothing was stored": null,
    "when it is no JSON": "{",
    "when it is empty": "",
    "when it is null": "null",
    "when it is a number": "7",
    "when it is a list": "[]",
    "when it is of an older version": JSON.stringify({ ...good, version: 0 }),
    "when it is of a newer version": JSON.stringify({ ...good, version: 2 }),
    "when it has no version": JSON.stringify({ ...good, version: undefined }),
    "when it has no view": JSON.stringify({ version: 1 }),
    "when its view is text": JSON.stringify({ ...good, view: "abc" }),
    "when it was cut": JSON.stringify(good).slice(0, -9),
    "when it is polluted": '{"version":1,"view":{"__proto__":{"jobId":"j","epoch":"aaaaaaaaaaaa","sequence":1}}}',
  };
  const wrong = {
    text: [null, 7, undefined],
    sequence: ["7", -1, 7.5, 2 ** 53, null, 0, undefined],
    epoch: ["", "short", "AAAAAAAAAAAA", "aaaaaaaaaaaaa", 7, null],
    status: ["snoozed", null],
    attempt: ["1", null],
    jobId: ["someone", null],
    progress: ["1"],
    usage: [7],
    error: ["boom"],
  };
  for (const [field, values] of Object.entries(wrong)) {
    for (const value of values) {
      const view = { ...good.view, [field]: value };
      broken[`when its ${field} is ${JSON.stringify(value)}`] = JSON.stringify({ ...good, view });
    }
  }
  for (const [name, value] of Object.entries(broken)) {
    test(name, () => {
      const storage = new MemoryStorage();
      if (value !== null) storage.setItem(KEY, value);
      const store = new CheckpointStore(storage);
      assert.equal(store.load(JOB), undefined);
      assert.equal(store.save(viewOf(1, "a")), true, "and it can be stored anew");
      assert.equal(store.load(JOB).text, "a");
    });
  }

  test("when the storage is blocked", () => {
    const store = new CheckpointStore(blockedStorage);
    assert.equal(store.save(viewOf(7, "abc")), false);
    assert.equal(store.load(JOB), undefined);
  });

  test("when the very name of the storage throws", (t) => {
    const get = () => {
      throw new DOMException("denied", "SecurityError");
    };
    Object.defineProperty(globalThis, "sessionStorage", { get, configurable: true });
    t.after(() => delete globalThis.sessionStorage);
    const store = new CheckpointStore();
    assert.equal(store.save(viewOf(7, "abc")), false);
    assert.equal(store.load(JOB), undefined);
  });

  test("where there is no storage, and where none is wanted", () => {
    for (const storage of [undefined, null]) {
      const store = new CheckpointStore(storage);
      assert.equal(store.save(viewOf(7, "abc")), false);
      assert.equal(store.load(JOB), undefined);
    }
  });
});

describe("a full storage", () => {
  const view = (jobId, text) => ({ ...viewOf(7, text), jobId });

  test("keeps what was stored before", () => {
    const store = new CheckpointStore(new MemoryStorage({ quota: 400 }));
    assert.equal(store.save(viewOf(7, "abc")), true);
    assert.equal(store.save(viewOf(9, "x".repeat(500))), false);
    assert.equal(store.load(JOB).text, "abc");
    assert.equal(store.load(JOB).sequence, 7);
  });

  test("gives up the oldest jobs first, and nothing of anyone else's", (t) => {
    t.mock.timers.enable({ apis: ["Date"] });
    const storage = new MemoryStorage({ quota: 800 });
    const store = new CheckpointStore(storage);
    storage.setItem("theirs", "x".repeat(100));
    for (const jobId of ["one", "two", "three"]) {
      assert.equal(store.save(view(jobId, "x".repeat(50))), true);
      t.mock.timers.tick(1);
    }
    assert.equal(store.save(view("four", "x".repeat(200))), true);
    assert.deepEqual(
      ["one", "two", "three", "four"].map((jobId) => store.load(jobId) !== undefined),
      [false, false, true, true],
    );
    assert.equal(storage.getItem("theirs").length, 100);
  });

  test("keeps twenty jobs, the newest", (t) => {
    t.mock.timers.enable({ apis: ["Date"] });
    const storage = new MemoryStorage();
    const store = new CheckpointStore(storage);
    storage.setItem("theirs", "x");
    storage.setItem("jobcast:job:corrupt", "{");
    for (let n = 0; n < 30; n++) {
      store.save(view(`job${n}`, "abc"));
      store.save(view("job0", "abcd"));
      t.mock.timers.tick(1);
    }
    assert.equal(storage.length, 21);
    assert.equal(storage.getItem("jobcast:job:corrupt"), null);
    assert.equal(store.load("job0").text, "abcd");
    assert.equal(store.load("job10"), undefined);
    assert.notEqual(store.load("job11"), undefined);
  });
});

describe("a saver", () => {
  test("saves at most four times a second, and the newest", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const storage = new MemoryStorage();
    const saver = new CheckpointSaver(new CheckpointStore(storage));
    for (let sequence = 1; sequence <= 1000; sequence++) {
      saver.hold(viewOf(sequence, `${sequence}`));
      t.mock.timers.tick(5);
    }
    assert.ok(storage.writes >= 15 && storage.writes <= 20, `${storage.writes} writes in 5 s`);
    saver.flush();
    const { text, sequence } = new CheckpointStore(storage).load(JOB);
    assert.deepEqual([text, sequence], ["1000", 1000]);
  });

  test("saves at once when told, and once", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const storage = new MemoryStorage();
    const saver = new CheckpointSaver(new CheckpointStore(storage));
    saver.hold(viewOf(1, "a"));
    saver.flush();
    saver.flush();
    t.mock.timers.tick(60_000);
    assert.equal(storage.writes, 1);
  });

  test("tries ever more seldom where nothing can be stored", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const save = mock.fn(() => false);
    const saver = new CheckpointSaver({ save });
    for (let ms = 0; ms < 60_000; ms += 50) {
      saver.hold(viewOf(1, "a"));
      t.mock.timers.tick(50);
    }
    assert.ok(save.mock.callCount() < 12, `${save.mock.callCount()} attempts in a minute`);
  });
});
