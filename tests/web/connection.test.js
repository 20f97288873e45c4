/** A client comes back when the server asked it to, and by itself when Socket.IO would not; with the real socket.io-client. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";

import { keepConnected } from "../../realtime/web/client/index.js";
import { EngineServer } from "./engine_server.js";
import { answer, following, stopClocks } from "./following.js";
import { EPOCH, JOB, chunk, settled, status } from "./job_events.js";
import { ScriptedSocket } from "./scripted_socket.js";

beforeEach(stopClocks);
afterEach(() => mock.restoreAll());

const DRAINING = "server:draining";
const ENDS = { "closes the transport": {}, "disconnects in good order": { inGoodOrder: true } };

async function kept(noticed) {
  const server = new EngineServer();
  const socket = server.client();
  const release = keepConnected(socket, noticed);
  await settled();
  assert.equal(socket.connected, true);
  return { server, socket, release };
}

async function after(ms) {
  await settled();
  mock.timers.tick(ms);
  await settled();
}

/** Milliseconds until it has connected again, to the tenth of a second. */
async function awayFor(socket, longest = 20_000) {
  await settled();
  for (let ms = 0; ms <= longest; ms += 100) {
    if (socket.connected) return ms;
    await after(100);
  }
  return Infinity;
}

for (const [name, how] of Object.entries(ENDS)) {
  describe(`a server that ${name}`, () => {
    for (const retryAfterMs of [0, 700, 3_000, 12_000]) {
      test(`and asked for ${retryAfterMs} ms gets them, and no more`, async () => {
        const { server, socket } = await kept();
        server.send(DRAINING, { retryAfterMs });
        await after(5_000);
        assert.equal(socket.connected, true, "it leaves the end to the server");
        server.end(how);
        await settled();
        assert.equal(socket.connected, false);
        assert.equal(await awayFor(socket), Math.max(100, retryAfterMs));
        assert.equal(server.attempts, 2);
      });
    }

    test("and asked for nothing is sought again with the client's own back-off", async () => {
      const { server, socket } = await kept();
      server.end(how);
      await settled();
      const ms = await awayFor(socket);
      assert.ok(ms >= 500 && ms <= 1_600, `${ms} ms`);
    });

    test("and is not there yet is sought with the usual back-off from then on", async () => {
      const { server, socket } = await kept();
      server.send(DRAINING, { retryAfterMs: 12_000 });
      server.up = false;
      await settled();
      server.end(how);
      await after(12_000);
      assert.equal(server.attempts, 2);
      server.up = true;
      const ms = await awayFor(socket);
      assert.ok(ms >= 500 && ms <= 3_100, `${ms} ms`);
    });

    test("and asked once is not heard for ever", async () => {
      mock.method(Math, "random", () => 0.5);
      const { server, socket } = await kept();
      server.send(DRAINING, { retryAfterMs: 12_000 });
      await settled();
      for (const longest of [12_000, 1_600]) {
        server.end(how);
        await settled();
        assert.ok((await awayFor(socket)) <= longest);
      }
    });

    test("is sought again though nothing is followed any more", async () => {
      const { server, socket } = await kept();
      following({ socket, answered: false }).job.close();
      server.end(how);
      assert.ok((await awayFor(socket)) < Infinity);
    });
  });
}

const settings = ({ io }) => [io.reconnectionDelay(), io.reconnectionDelayMax(), io.randomizationFactor()];

describe("a page that is the one to end the connection", () => {
  test("is obeyed", async () => {
    const { server, socket } = await kept();
    const usual = settings(socket);
    server.send(DRAINING, { retryAfterMs: 700 });
    await settled();
    socket.disconnect();
    assert.equal(await awayFor(socket), Infinity);
    assert.deepEqual(settings(socket), usual);
  });

  test("or to begin it finds the library's own settings as they were", async () => {
    const { server, socket } = await kept();
    const usual = settings(socket);
    server.send(DRAINING, { retryAfterMs: 12_000 });
    await settled();
    server.end();
    assert.deepEqual(settings(socket), [12_000, 12_000, 0]);
    socket.disconnect();
    socket.connect();
    await settled();
    assert.equal(socket.connected, true);
    assert.deepEqual(settings(socket), usual);
  });
});

describe("a notice", () => {
  test("is told, whatever it says", async () => {
    const told = [];
    const { server } = await kept((notice) => told.push(notice));
    server.send(DRAINING, { retryAfterMs: 1e12 });
    server.send(DRAINING, { retryAfterMs: -1 });
    await settled();
    assert.deepEqual(told, [
      { name: DRAINING, retryAfterMs: 60_000 },
      { name: DRAINING, retryAfterMs: 0 },
    ]);
  });

  test("without a time leaves a moment", async () => {
    for (const payload of [undefined, null, {}, { retryAfterMs: "7" }, { retryAfterMs: null }]) {
      const { server, socket } = await kept();
      server.send(DRAINING, payload);
      await settled();
      server.end();
      const ms = await awayFor(socket);
      assert.ok(ms >= 500 && ms <= 1_100, `${ms} ms`);
    }
  });

  test("reaches who follows a job, and the job goes on from its checkpoint", async () => {
    const { socket, job, deliver, subscribes } = following();
    const told = [];
    job.addEventListener("notice", ({ detail }) => told.push(detail.name));
    deliver(status(1), chunk(2, "a"));
    socket.deliver(DRAINING, { retryAfterMs: 3_000 });
    deliver(chunk(3, "b"));
    socket.disconnect("io server disconnect");
    mock.timers.tick(2_999);
    assert.equal(socket.connected, false);
    mock.timers.tick(1);
    assert.deepEqual(subscribes().at(-1), { jobId: JOB, epoch: EPOCH, lastSequence: 3 });
    await answer(socket);
    deliver(chunk(4, "c"));
    assert.deepEqual([job.text, told], ["abc", [DRAINING]]);
  });

  test("is told to each who keeps the connection, until it lets go", () => {
    const socket = new ScriptedSocket();
    const told = [];
    const noticed = (notice) => told.push(notice.name);
    const releases = [keepConnected(socket, noticed), keepConnected(socket, noticed)];
    socket.deliver(DRAINING, { retryAfterMs: 1 });
    releases[0]();
    releases[0]();
    socket.deliver(DRAINING, { retryAfterMs: 1 });
    releases[1]();
    assert.deepEqual([told.length, socket.listenerCount], [3, 0]);
  });
});
