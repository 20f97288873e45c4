// Publish a Jobcast job from Node.js, as a LangChain callback handler. Needs socket.io-client.
//
//   node outside_node.mjs http://127.0.0.1:8000 JOB_ID TOKEN
//
// In LangChain: await chain.invoke(input, { callbacks: [handler], signal: handler.signal }).
import { pathToFileURL } from "node:url";

import { io } from "socket.io-client";

const HEARTBEAT_MS = 5000;
const ENDS = ["completed", "failed", "cancelled"];

/** One batch is under way at a time; what comes meanwhile is the next batch. */
export class JobcastHandler {
  /** @param {string} url @param {string} jobId @param {string} token */
  constructor(url, jobId, token) {
    this.socket = io(`${url}/agents`, { transports: ["websocket"], forceNew: true });
    this.job = { jobId, token };
    /** @type {object[]} */
    this.waiting = [];
    this.head = 0;
    this.epoch = "";
    this.stop = new AbortController();
    this.wake = () => {};
    // A user's cancel or pause is heard at once; without this, with the next answer.
    this.socket.on("agent:control", () => this.wake());
  }

  /** Aborted when a user cancels. */
  get signal() {
    return this.stop.signal;
  }

  async begin() {
    const begun = await this.ask("agent:begin", this.job);
    this.epoch = begun.epoch;
    this.head = begun.head;
    this.ended = this.publish();
    return begun.input;
  }

  // What LangChain calls.
  /** @param {string} token */
  handleLLMNewToken(token) {
    this.say({ type: "chunk", text: token });
  }

  /** @param {unknown} _output */
  handleLLMEnd(_output) {
    this.say({ type: "completed" });
  }

  /** @param {Error} error */
  handleLLMError(error) {
    this.say({ type: "failed", error: { code: "model", message: String(error.message), retryable: true } });
  }

  /** @param {object} event */
  say(event) {
    this.waiting.push(event);
    this.wake();
  }

  /** Until the job has ended, by our word or by a user's; gives how it ended. */
  async publish() {
    for (;;) {
      const events = this.waiting.slice(0, 500);
      const answer = await this.ask("agent:publish", { ...this.job, epoch: this.epoch, previous: this.head, events });
      this.head = answer.head;
      this.waiting.splice(0, events.length);
      if ("cancel" in answer.control) this.stop.abort();
      if (ENDS.includes(answer.status)) return answer.status;
      if (this.waiting.length === 0) await this.news();
    }
  }

  /** Something to say, something asked, or time for a heartbeat: an empty batch. */
  news() {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, HEARTBEAT_MS);
      this.wake = () => {
        clearTimeout(timer);
        resolve(undefined);
      };
    });
  }

  /** Sent again, the same, until it is answered: the server notices what it has already. @param {string} name @param {object} request */
  async ask(name, request) {
    for (;;) {
      let answer;
      try {
        answer = await this.socket.timeout(5000).emitWithAck(name, request);
      } catch {
        continue; // no answer in time; socket.io-client reconnects by itself
      }
      if (answer.ok) return answer;
      if (answer.error.code === "cancelled") return { head: this.head, status: "cancelled", control: { cancel: {} } };
      if (!answer.error.retryable) throw new Error(answer.error.message);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  close() {
    this.socket.disconnect();
  }
}

/** Stands for a model that LangChain would run. @param {string} topic @param {JobcastHandler} handler */
async function model(topic, handler) {
  for (const word of `Here is what I know of ${topic}: it comes, it goes, and nobody asked it to.`.split(" ")) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (handler.signal.aborted) return;
    handler.handleLLMNewToken(`${word} `);
  }
  handler.handleLLMEnd({});
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [url, jobId, token] = process.argv.slice(2);
  const handler = new JobcastHandler(url, jobId, token);
  const input = await handler.begin();
  void model(input.topic ?? "the weather", handler);
  console.log(await handler.ended);
  handler.close();
}
