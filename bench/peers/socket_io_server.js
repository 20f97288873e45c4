/**
 * The peer in Node: socket.io with its Redis adapter, as the documentation sets it up.
 *
 * `node socket_io_server.js PORT REDIS_SOCKET`. A room per job; `job:subscribe {jobId}` enters it. With
 * `lastSequence` whoever asks is first sent what the job's log has after that, event by event.
 */
import { createServer } from "node:http";

import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const [port, path] = process.argv.slice(2);
const publisher = createClient({ socket: { path } });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const server = createServer();
const io = new Server(server, { adapter: createAdapter(publisher, subscriber) });

io.on("connection", (socket) => {
  socket.on("job:subscribe", async ({ jobId, lastSequence }, acknowledge) => {
    socket.join(jobId);
    acknowledge({ ok: true });
    if (lastSequence === undefined) return;
    for (const entry of await publisher.xRange(`jobcast:{${jobId}}:log`, `(${lastSequence}-0`, "+")) {
      const [name, payload] = JSON.parse(entry.message.e);
      socket.emit(name, payload);
    }
  });
});

server.listen(Number(port), "127.0.0.1", 4096);
