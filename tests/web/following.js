/** A follower on a `ScriptedSocket`, with what it told and asked; clocks run only when told to pass. */

import { mock } from "node:test";

import { followJob } from "../../realtime/web/client/index.js";
import { EPOCH, JOB, settled } from "./job_events.js";
import { ScriptedSocket } from "./scripted_socket.js";

export const SUBSCRIBED = { ok: true, jobId: JOB, status: "running", epoch: EPOCH, sequence: 1, mode: "delta" };

export const refusal = (code, retryable) => ({ ok: false, error: { code, message: `it is ${code}`, retryable } });

/** For `beforeEach`: timers stand still. */
export function stopClocks() {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
}

export async function pass(ms) {
  for (let left = ms; left > 0; left -= 500) {
    mock.timers.tick(Math.min(left, 500));
    await settled();
  }
}

/** Follow a job, by default `JOB` on a new socket whose server answers the first request. */
export function following(options = {}) {
  const { jobId = JOB, connected = true, socket = new ScriptedSocket({ connected }), ...others } = options;
  const { answered = socket.connected, ...followOptions } = others;
  const job = followJob(socket, jobId, { storage: null, ...followOptions });
  const seen = [];
  for (const name of ["change", "done", "error", "retry"]) {
    job.addEventListener(name, ({ detail }) => seen.push([name, detail.code ?? detail.name ?? detail.status]));
  }
  if (answered) socket.requests("job:subscribe").at(-1)?.answer(SUBSCRIBED);
  const deliver = (...events) => events.forEach((event) => socket.deliver(...event));
  const asked = (name) => socket.requests(name).map(({ payload }) => payload);
  return { socket, job, seen, deliver, asked, subscribes: () => asked("job:subscribe") };
}

/** Answer the newest request to subscribe. */
export async function answer(socket, value = SUBSCRIBED) {
  socket.answer("job:subscribe", value);
  await settled();
}
