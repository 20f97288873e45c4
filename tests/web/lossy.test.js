/**
 * Whatever the network does, what a follower shows is what one writer wrote, and in the end all of it.
 * Broken copies of the client must not get through.
 */

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, mock, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { followJob } from "../../realtime/web/client/index.js";
import { JOB, settled } from "./job_events.js";
import { LossyServer, dice } from "./lossy_server.js";
import { MemoryStorage } from "./memory_storage.js";
import { ScriptedSocket } from "./scripted_socket.js";

const CLIENT = fileURLToPath(new URL("../../realtime/web/client", import.meta.url));
const RUNS = 200;
const STEPS = 150;
/** A new connection is caught up at once; a silent loss takes timeouts, back-off and the watchdog. */
const HEALING_MS = { reconnected: 3_000, silent: 60_000 };

/** One job in one browser tab, from its first event to its end. */
class Run {
  constructor(seed, follow) {
    this.random = dice(seed);
    this.server = new LossyServer(this.random);
    this.storage = new MemoryStorage();
    this.follow = follow;
    this.counts = { applied: 0, connections: 0, reloads: 0, turns: 0 };
    this.open();
  }

  open() {
    this.socket = new ScriptedSocket();
    this.server.cut(this.socket);
    this.job = this.follow(this.socket, JOB, { storage: this.storage });
    this.check(this.job.view);
    this.job.addEventListener("change", ({ detail }) => this.check(detail.view, this.counts.applied++));
    this.job.addEventListener("error", ({ detail }) => this.complain(detail));
  }

  /** `(epoch, sequence)` names one state of one writer for ever: that is the one to be seen. */
  check({ epoch, sequence, text, status }) {
    if (sequence === 0) return;
    const truth = this.server.truth.get(epoch)?.[sequence - 1];
    const seen = JSON.stringify({ text, status });
    const right = JSON.stringify({ text: truth?.text, status: truth?.status });
    if (seen !== right) this.complain(new Error(`at ${epoch}:${sequence} saw ${seen}, not ${right}`));
  }

  /** Kept, because what a listener throws is lost. */
  complain(error) {
    this.wrong ??= error;
  }

  async play() {
    for (let step = 0; step < STEPS && !this.wrong; step++) await this.step();
    await this.heal();
    if (this.wrong) throw this.wrong;
  }

  async step() {
    if (this.random.chance(0.05)) this.turn();
    const roll = this.random.below(100);
    if (roll < 45) this.write();
    else if (roll < 80) this.traffic();
    else if (roll < 90) mock.timers.tick(this.random.below(3_000));
    else if (roll < 92) this.reconnect();
    else if (roll < 94) this.reload();
    else if (roll < 98) this.server.failover();
    else if (roll < 99) this.server.lose();
    else if (!this.server.ended) this.server.claim();
    await settled();
  }

  write() {
    if (this.server.ended) return;
    for (let n = this.random.below(4); n >= 0; n--) {
      this.server.append("model:chunk", { chunk: `${this.random.below(1000)} ` });
    }
    if (this.random.chance(0.1)) this.server.append("job:progress", { progress: this.random.below(101) });
    if (this.random.chance(0.01)) this.server.append("job:completed", {});
  }

  traffic(options) {
    if (options || this.random.chance(0.5)) this.server.serve(this.socket, options);
    const view = () => this.job.view;
    for (let n = this.random.below(8); n >= 0; n--) this.server.deliver(this.socket, view, options);
  }

  reconnect() {
    this.counts.connections++;
    this.server.cut(this.socket);
    this.socket.disconnect();
    if (this.random.chance(0.5)) mock.timers.tick(this.random.below(8_000));
    this.socket.connect();
  }

  /** Nothing may depend on who looks, nor on what becomes of the request that says so. */
  turn() {
    this.counts.turns++;
    this.job.setVisible(this.random.chance(0.5));
  }

  reload() {
    this.counts.reloads++;
    this.job.close();
    this.open();
  }

  /** From now on the network is good, but what it has lost stays lost. */
  async heal() {
    if (!this.server.ended) this.server.append("job:completed", {});
    const way = this.random.chance(0.5) ? "reconnected" : "silent";
    if (way === "silent") this.server.lose();
    else this.reconnect();
    for (let ms = 0; ms < HEALING_MS[way] && !this.finished && !this.wrong; ms += 500) await this.calm();
    if (!this.finished) this.complain(new Error("left streaming"));
    if (this.job.text !== this.server.last.text) this.complain(new Error("another text in the end"));
    this.job.close();
  }

  async calm() {
    for (let n = 0; n < 50; n++) this.traffic({ lossy: false });
    await settled();
    mock.timers.tick(500);
    await settled();
  }

  get finished() {
    return this.job.view.status === "completed";
  }
}

before(() => {
  mock.timers.enable({ apis: ["setTimeout"] });
});

async function play(seed, follow) {
  const run = new Run(seed, follow);
  mock.method(Math, "random", run.random.next);
  await run.play().finally(() => mock.restoreAll());
  return { ...run.server.met, ...run.counts };
}

test(`${RUNS} jobs over a bad network are seen as they were written`, async () => {
  const met = {};
  for (let seed = 1; seed <= RUNS; seed++) {
    const counts = await play(seed, followJob).catch((error) => assert.fail(`seed ${seed}: ${error.message}`));
    for (const [what, count] of Object.entries(counts)) met[what] = (met[what] ?? 0) + count;
  }
  const traffic = { applied: 30, delta: 5, gap: 10, duplicate: 2, reset: 0.5, lost: 10 };
  const trouble = { attempt: 1, failover: 1, connections: 3, reloads: 1, turns: 5 };
  const floors = { ...traffic, ...trouble };
  for (const [what, floor] of Object.entries(floors)) {
    assert.ok(met[what] >= floor * RUNS, `met too few: ${what}, ${JSON.stringify(met)}`);
  }
});

describe("a broken client is found out", () => {
  const directory = mkdtempSync(join(tmpdir(), "jobcast-mutants-"));
  after(() => rmSync(directory, { recursive: true }));

  const mutants = {
    "takes duplicates": ["fold.js", 'return "duplicate";\n  if (ended', 'return "applied";\n  if (ended'],
    "takes events after a gap": ["fold.js", '"applied" : "gap"', '"applied" : "applied"'],
    "does not see where merged chunks begin": ["fold.js", "(event.fromSequence ?? event.sequence)", "event.sequence"],
    "keeps the first epoch": ["fold.js", "status, attempt, epoch, reason: reason", "status, attempt, reason: reason"],
    "goes by a snapshot's number": ["fold.js", "overtaken && !snapshot.reset", "snapshot.sequence <= view.sequence"],
    "drops nothing in a rewind": ["fold.js", "text.slice(0, length)", "text"],
    "asks without its epoch": ["subscription.js", "{ jobId, epoch, lastSequence", "{ jobId, lastSequence"],
    "asks for one event too few": ["subscription.js", "lastSequence: sequence }", "lastSequence: sequence + 1 }"],
    "does not watch the silence": ["watchdog.js", "this.bark();", ""],
    "does not ask on a new connection": ["follow.js", "() => this.#subscription.restart()", "() => {}"],
    "does not repeat its request": ["subscription.js", "if (!error.retryable)", "if (true)"],
    "stores a number ahead of its text": ["checkpoint.js", "{ ...view, reset", "{ ...view, sequence: view.sequence + 1, reset"],
  };
  Object.entries(mutants).forEach(([name, change], index) => {
    test(`one that ${name}`, async () => {
      const { followJob: broken } = await mutant(join(directory, `${index}`), ...change);
      for (let seed = 1; seed <= RUNS; seed++) {
        if (!(await survives(seed, broken))) return;
      }
      assert.fail(`it got through ${RUNS} jobs`);
    });
  });
});

const survives = (seed, follow) => play(seed, follow).then(() => true, () => false);

async function mutant(directory, file, from, to) {
  cpSync(CLIENT, directory, { recursive: true });
  writeFileSync(join(directory, "package.json"), '{"type": "module"}');
  const source = readFileSync(join(directory, file), "utf8");
  assert.equal(source.split(from).length, 2, `${file} has this once: ${from}`);
  writeFileSync(join(directory, file), source.replace(from, () => to));
  return import(pathToFileURL(join(directory, "index.js")).href);
}
