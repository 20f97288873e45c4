/** A Socket.IO client socket whose server is the test: it keeps what is asked and answers when told. */

export class ScriptedSocket {
  /** Requests in the order they were made: `{name, payload, answer(value)}`. */
  asked = [];
  #listeners = new Map();
  #pending = new Set();

  constructor({ connected = true } = {}) {
    this.connected = connected;
    this.active = true;
  }

  on(name, listener) {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
    return this;
  }

  off(name, listener) {
    const left = (this.#listeners.get(name) ?? []).filter((other) => other !== listener);
    this.#listeners.set(name, left);
    return this;
  }

  emit(name, payload, answer = () => {}) {
    this.asked.push({ name, payload, answer });
    return this;
  }

  timeout(ms) {
    return { emit: (name, payload, answered) => this.#ask(name, payload, answered, ms) };
  }

  connect() {
    this.connected = this.active = true;
    this.deliver("connect");
  }

  disconnect(reason = "transport close") {
    this.connected = false;
    this.active = reason === "transport close";
    [...this.#pending].forEach((settle) => settle(new Error("socket has been disconnected")));
    this.deliver("disconnect", reason);
  }

  deliver(name, ...values) {
    (this.#listeners.get(name) ?? []).forEach((listener) => listener(...values));
  }

  /** The requests of one name. */
  requests(name) {
    return this.asked.filter((request) => request.name === name);
  }

  /** Answer the newest request of one name. */
  answer(name, value) {
    this.requests(name).at(-1).answer(value);
  }

  get listenerCount() {
    return [...this.#listeners.values()].reduce((sum, listeners) => sum + listeners.length, 0);
  }

  #ask(name, payload, answered, ms) {
    const settle = (...values) => {
      clearTimeout(timer);
      if (this.#pending.delete(settle)) answered(...values);
    };
    const timer = setTimeout(() => settle(new Error("operation has timed out")), ms);
    this.#pending.add(settle);
    this.asked.push({ name, payload, answer: (value) => settle(null, value) });
  }
}
