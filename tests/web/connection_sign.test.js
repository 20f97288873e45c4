/** What the page says of its connection: nothing of a restart that is over in a moment. */

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { ConnectionSign } from "../../realtime/web/page/connection_sign.js";
import { pass, stopClocks } from "./following.js";
import { ScriptedSocket } from "./scripted_socket.js";

beforeEach(stopClocks);

const CONNECTED = ["connected", "connected"];
const RESTARTS = ["connecting", "The server restarts; reconnecting…"];

function page() {
  const socket = new ScriptedSocket({ connected: false });
  const said = [];
  const sign = new ConnectionSign(socket, (...words) => said.push(words));
  socket.connect();
  return { socket, said, sign };
}

test("a lost connection is told at once", () => {
  const { socket, said } = page();
  socket.disconnect();
  socket.deliver("connect_error", new Error("refused"));
  socket.connect();
  assert.deepEqual(said, [
    CONNECTED,
    ["lost", "reconnecting…"],
    ["lost", "no connection, trying again…"],
    CONNECTED,
  ]);
});

for (const reason of ["transport close", "io server disconnect"]) {
  test(`a restart that is over in a moment is not told (${reason})`, async () => {
    const { socket, said } = page();
    socket.deliver("server:draining", { retryAfterMs: 1_000 });
    socket.disconnect(reason);
    await pass(1_000);
    socket.connect();
    await pass(10_000);
    assert.deepEqual(said.filter(([state]) => state !== "connected"), []);
  });
}

test("a restart that takes longer is told once, and quietly", async () => {
  const { socket, said } = page();
  socket.deliver("server:draining", { retryAfterMs: 1_000 });
  socket.disconnect();
  for (let second = 0; second < 10; second++) {
    await pass(1_000);
    socket.deliver("connect_error", new Error("refused"));
  }
  socket.connect();
  assert.deepEqual(said, [CONNECTED, RESTARTS, CONNECTED]);
  socket.disconnect();
  assert.deepEqual(said.at(-1), ["lost", "reconnecting…"], "the next one is no restart");
});

test("what a job waits for is told while there is a connection", () => {
  const { socket, said, sign } = page();
  sign.wait("no answer yet");
  sign.wait("");
  socket.disconnect();
  sign.wait("no answer yet");
  assert.deepEqual(said, [CONNECTED, ["lost", "no answer yet"], CONNECTED, ["lost", "reconnecting…"]]);
});
