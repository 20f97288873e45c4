/** Tokens per second over the last five seconds. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Pace } from "../../realtime/web/client/pace.js";

function paced() {
  const clock = { ms: 1_000_000 };
  return { clock, pace: new Pace(() => clock.ms) };
}

function stream({ clock, pace }, seconds, perSecond) {
  for (let n = 0; n < seconds * perSecond; n++) {
    clock.ms += 1000 / perSecond;
    pace.add();
  }
}

function near(actual, expected) {
  assert.ok(Math.abs(actual - expected) <= expected * 0.05, `${actual} ~ ${expected}`);
}

test("nothing came: nothing a second", () => assert.equal(paced().pace.rate(), 0));

test("an even stream has its speed, soon and for long", () => {
  for (const perSecond of [3, 20, 200, 5_000]) {
    const one = paced();
    stream(one, 1, perSecond);
    near(one.pace.rate(), perSecond);
    stream(one, 30, perSecond);
    near(one.pace.rate(), perSecond);
  }
});

test("one burst is no speed", () => {
  const { pace } = paced();
  pace.add(30);
  pace.add(30);
  assert.equal(pace.rate(), 0);
});

test("a change of speed is seen within the window", () => {
  const one = paced();
  stream(one, 20, 10);
  stream(one, 5.5, 100);
  near(one.pace.rate(), 100);
});

test("silence slows it down to 0, and it begins anew", () => {
  const one = paced();
  stream(one, 10, 50);
  one.clock.ms += 2_500;
  near(one.pace.rate(), 25);
  one.clock.ms += 3_000;
  assert.equal(one.pace.rate(), 0);
  stream(one, 6, 40);
  near(one.pace.rate(), 40);
});

test("merged chunks count what they stand for", () => {
  const { clock, pace } = paced();
  for (let n = 0; n < 20; n++) {
    clock.ms += 250;
    pace.add(25);
  }
  near(pace.rate(), 100);
});

test("what comes late was not made faster, whatever the maker's clock says", () => {
  const { clock, pace } = paced();
  const made = (ms) => ms - 3_600_000;
  for (let n = 0; n < 60; n++) pace.add(1, made(clock.ms - 3_000 + 50 * n));
  near(pace.rate(), 20);
  clock.ms += 1_000;
  pace.add(20, made(clock.ms - 50));
  near(pace.rate(), 20);
});
