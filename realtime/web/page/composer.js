/** The form: a prompt, and who shall answer it. */

import { element, write } from "./element.js";

/** @import { Agent, Backend, Catalogue } from "./catalogue.js" */
/** @typedef {{prompt: string, field: string, agent: string, backend?: string, model?: string}} Question */

const DEMO = "A demo: no LLM key is set, so a script answers in place of a model.";
const SCRIPT = "A script answers here, in place of a model.";
const NOBODY = "No worker has announced itself yet. Looking again…";
const NOT_ASKABLE = "The agents that are there need more than one text: ask them from the terminal.";

export class Composer {
  #form = element("composer", HTMLFormElement);
  #prompt = element("prompt", HTMLTextAreaElement);
  #agent = element("agent", HTMLSelectElement);
  #model = element("model", HTMLSelectElement);
  #run = element("run", HTMLButtonElement);
  #note = element("note", HTMLElement);
  /** @type {Backend[]} */
  #backends = [];
  /** @type {Partial<Question>} */
  #wanted = {};
  #isReading = false;

  /** @param {(question: Question) => void} ask */
  constructor(ask) {
    this.#prompt.addEventListener("keydown", (event) => this.#submitOnEnter(event));
    this.#model.addEventListener("change", () => this.#explain());
    this.#agent.addEventListener("change", () => this.#invite());
    element("again", HTMLButtonElement).addEventListener("click", () => this.#prompt.select());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#run.disabled) return;
      if (this.#prompt.value.trim()) ask(this.question);
      else this.#prompt.focus();
    });
  }

  /** @returns {Question} */
  get question() {
    const { backend, model } = this.#model.selectedOptions[0]?.dataset ?? {};
    const [agent = "chat", field = "prompt"] = this.#agent.value ? [this.#agent.value, this.#field] : [];
    return { prompt: this.#prompt.value, field, agent, backend, model };
  }

  /** @param {Partial<Question>} question as it was asked before */
  set question(question) {
    this.#wanted = question;
    this.#prompt.value = question.prompt ?? "";
    this.#select();
  }

  /** @param {boolean} reading whether a job is on the page already */
  set reading(reading) {
    this.#isReading = reading;
    this.#invite();
    if (!reading) this.#prompt.focus();
  }

  /** @param {boolean} asking */
  set asking(asking) {
    this.#run.disabled = asking;
    write(this.#run, asking ? "Sending…" : "Run");
  }

  /** @param {Catalogue} catalogue */
  offer({ agents, backends }) {
    this.#wanted = this.#agent.value ? this.question : this.#wanted;
    this.#backends = backends;
    this.#agent.replaceChildren(...agents.map(agentOption));
    this.#model.replaceChildren(...backends.map(backendGroup));
    element("agent-choice", HTMLElement).hidden = agents.length < 2;
    element("model-choice", HTMLElement).hidden = this.#model.options.length < 1;
    this.#select();
  }

  #select() {
    const { agent, backend, model } = this.#wanted;
    const isWanted = (/** @type {HTMLOptionElement} */ { dataset }) =>
      dataset.backend === backend && dataset.model === model;
    [...this.#agent.options].forEach((option) => (option.selected ||= option.value === agent));
    [...this.#model.options].forEach((option) => (option.selected ||= isWanted(option)));
    this.#explain();
    this.#invite();
  }

  /** The input's field that the chosen agent takes the text in. */
  get #field() {
    return this.#agent.selectedOptions[0]?.dataset.field ?? "prompt";
  }

  /** Say what the chosen agent is to be given. */
  #invite() {
    const asking = `Ask for something ${this.#isReading ? "else" : "worth reading"}…`;
    const field = this.#field;
    this.#prompt.placeholder = field === "prompt" ? asking : `${field[0]?.toUpperCase()}${field.slice(1)}…`;
    this.#agent.title = this.#agent.selectedOptions[0]?.title ?? "";
  }

  #explain() {
    const { backend = this.#backends[0]?.name } = this.question;
    const scripted = this.#backends.find(({ name }) => name === backend)?.kind === "scripted";
    const note = this.#backends.length === 1 ? DEMO : SCRIPT;
    const missing = this.#backends.length === 0 ? NOBODY : NOT_ASKABLE;
    write(this.#note, this.#agent.options.length === 0 ? missing : scripted ? note : "");
    this.#note.hidden = !this.#note.textContent;
  }

  /** @param {KeyboardEvent} event */
  #submitOnEnter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }
}

/** @param {Agent} agent */
function agentOption({ name, description, field }) {
  const option = new Option(name, name);
  option.title = description;
  option.dataset.field = field;
  return option;
}

/** @param {Backend} backend */
function backendGroup({ name, models, description }) {
  const group = document.createElement("optgroup");
  group.label = name;
  group.title = description;
  group.append(...(models.length > 0 ? models : [undefined]).map((model) => modelOption(name, model)));
  return group;
}

/**
 * @param {string} backend
 * @param {string} [model] none: the backend's own choice
 */
function modelOption(backend, model) {
  const option = new Option(model ?? backend, model ? `${backend}/${model}` : backend);
  option.dataset.backend = backend;
  if (model) option.dataset.model = model;
  return option;
}
