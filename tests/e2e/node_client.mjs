// What any JavaScript user has: plain socket.io-client, none of our code.
// node node_client.mjs URL JOB TRANSPORT HEAD EPOCH: subscribes from every lastSequence from 0 to HEAD
// and prints, as JSON, the sequences that came after each.
import { io } from "socket.io-client";

const [url, jobId, transport, head, epoch] = process.argv.slice(2);
const names = ["model:chunk", "model:rewind", "job:progress", "job:status", "job:completed", "job:failed", "job:cancelled"];

/** @param {import("socket.io-client").Socket} socket @param {number} lastSequence */
async function sequencesAfter(socket, lastSequence) {
  /** @type {number[]} */
  const seen = [];
  const wanted = Number(head) - lastSequence;
  const complete = new Promise((resolve) => {
    const hear = (/** @type {{sequence: number, fromSequence?: number}} */ event) => {
      // A merged chunk stands for several.
      for (let n = event.fromSequence ?? event.sequence; n <= event.sequence; n += 1) seen.push(n);
      if (seen.length === wanted) resolve(undefined);
    };
    for (const name of names) socket.off(name).on(name, hear);
    if (wanted === 0) resolve(undefined);
  });
  const answer = await socket.timeout(5000).emitWithAck("job:subscribe", { jobId, epoch, lastSequence });
  if (!answer.ok || answer.mode !== "delta") throw new Error(JSON.stringify(answer));
  await complete;
  return seen;
}

const socket = io(url, { transports: [transport], forceNew: true });
const all = [];
for (let last = 0; last <= Number(head); last += 1) all.push(await sequencesAfter(socket, last));
console.log(JSON.stringify(all));
socket.disconnect();
process.exit(0);
