/** A page that wakes asks again, one that may go saves. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { answer, following, stopClocks } from "./following.js";
import { chunk, status } from "./job_events.js";
import { MemoryStorage } from "./memory_storage.js";
import { closePage, hide, openPage } from "./page.js";

beforeEach(stopClocks);

beforeEach(openPage);
afterEach(closePage);

const onWindow = (name, fields) => globalThis.window.dispatchEvent(Object.assign(new Event(name), fields));
const comeBack = () => onWindow("pageshow", { persisted: true });

test("a page that is shown for the first time does not ask twice", () => {
  const { subscribes } = following();
  onWindow("pageshow", { persisted: false });
  assert.equal(subscribes().length, 1);
});

for (const [name, wake] of Object.entries({ "becomes visible": () => hide(false), "comes back": comeBack })) {
  test(`a page that ${name} asks again, once`, async () => {
    const { socket, subscribes } = following();
    await answer(socket);
    wake();
    wake();
    assert.equal(subscribes().length, 2);
  });
}

for (const [name, leave] of Object.entries({ "is hidden": () => hide(true), goes: () => onWindow("pagehide") })) {
  test(`a page that ${name} saves at once`, () => {
    const storage = new MemoryStorage();
    const { deliver } = following({ storage });
    deliver(status(1), chunk(2, "a"));
    assert.equal(storage.length, 0);
    leave();
    assert.equal(storage.length, 1);
  });
}

test("a closed follower no longer minds its page", () => {
  const { job, subscribes } = following();
  job.close();
  hide(false);
  comeBack();
  assert.equal(subscribes().length, 1);
});
