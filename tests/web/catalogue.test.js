/** Who can be asked, and what the page says of who answers. */

import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";

import { bylineOf } from "../../realtime/web/page/byline.js";
import { fetchCatalogue } from "../../realtime/web/page/catalogue.js";

const agent = (name, inputSchema) => ({ name, description: "", inputSchema });
const PROMPT = { properties: { prompt: { type: "string" } } };
const SCRIPTED = { name: "scripted", kind: "scripted", models: ["essay"], description: "" };
const OPENAI = { name: "openai", kind: "openai", models: ["large", "small"], description: "" };

afterEach(() => mock.restoreAll());

function serve(respond) {
  mock.method(globalThis, "fetch", async () => ({ json: async () => respond() }));
  return fetchCatalogue();
}

async function offered(agents) {
  const catalogue = await serve(() => ({ agents, backends: [] }));
  return catalogue.agents.map(({ name }) => name);
}

describe("the catalogue", () => {
  test("has the agents for which one text is enough, and says which", async () => {
    const text = { type: "string" };
    const agents = [
      agent("chat", PROMPT),
      agent("haiku", { properties: { topic: text }, required: ["topic"] }),
      agent("refine", { properties: { text, tone: text }, required: ["text"], additionalProperties: false }),
      agent("choose", { properties: { one: { enum: ["a"], type: "string" } }, required: ["one"] }),
      agent("count", { properties: { to: { type: "integer" } }, required: ["to"] }),
      agent("two", { properties: { from: text, to: text }, required: ["from", "to"] }),
      agent("unknown", { required: ["what"] }),
      agent("odd", { properties: JSON.parse('{"__proto__": {"type": "string"}}'), required: ["__proto__"] }),
    ];
    const catalogue = await serve(() => ({ agents, backends: [] }));
    const fields = catalogue.agents.map(({ name, field }) => [name, field]);
    const expected = { chat: "prompt", haiku: "topic", refine: "text", odd: "__proto__" };
    assert.deepEqual(fields, Object.entries(expected));
  });

  test("has the agents that take a prompt", async () => {
    const agents = [
      agent("chat", PROMPT),
      agent("either", { anyOf: [{ properties: { messages: {} } }, PROMPT] }),
      agent("refine", { properties: { text: {} } }),
      agent("silent", undefined),
    ];
    const catalogue = await serve(() => ({ agents, backends: [OPENAI] }));
    assert.deepEqual(catalogue.agents.map(({ name }) => name), ["chat", "either"]);
    assert.deepEqual(catalogue.backends, [OPENAI]);
  });

  test("has the agents that take any object", async () => {
    const any = { type: "object", additionalProperties: {} };
    const agents = [agent("chat", PROMPT), agent("haiku", any), agent("strict", { ...any, additionalProperties: false })];
    assert.deepEqual(await offered(agents), ["chat", "haiku"]);
  });

  test("has all agents if none says that it takes a prompt", async () => {
    const agents = [agent("refine", { properties: { text: {} } }), agent("open", true)];
    const found = (await serve(() => ({ agents, backends: [] }))).agents;
    assert.deepEqual(found, agents.map((one) => ({ ...one, field: "prompt" })));
  });

  test("has no agent that a prompt alone cannot satisfy", async () => {
    const needing = (...required) => ({ ...PROMPT, required });
    const agents = [
      agent("translate", needing("prompt", "language")),
      agent("either", { oneOf: [needing("prompt", "tone"), needing("prompt")] }),
      agent("neither", { ...PROMPT, anyOf: [{ required: ["tone"] }, { required: ["language"] }] }),
      agent("both", { ...PROMPT, allOf: [{ required: ["prompt"] }, { required: ["language"] }] }),
      agent("chat", { ...needing(), additionalProperties: false, oneOf: [needing("prompt"), needing("messages")] }),
    ];
    assert.deepEqual(await offered(agents), ["either", "chat"]);
  });

  test("has none of the others either if they can only fail", async () => {
    const agents = [
      agent("translate", { required: ["language"] }),
      agent("strict", { properties: { text: {} }, additionalProperties: false }),
      agent("never", false),
      agent("open", { type: "object" }),
    ];
    assert.deepEqual(await offered(agents), ["open"]);
  });

  test("is empty while the server does not answer, or not in kind", async () => {
    const fail = () => {
      throw new SyntaxError("no JSON");
    };
    for (const respond of [fail, () => null, () => ({}), () => ({ code: "unavailable" })]) {
      assert.deepEqual(await serve(respond), { agents: [], backends: [] });
    }
  });
});

describe("the byline", () => {
  const backends = [OPENAI, SCRIPTED];

  test("names backend and model", () => {
    assert.equal(bylineOf({ backend: "openai", model: "small" }, backends), "openai · small");
    assert.equal(bylineOf({ backend: "gone", model: "old" }, backends), "gone · old");
    assert.equal(bylineOf({ backend: "openai" }, backends), "openai");
  });

  test("finds the backend of a model that is all that is known", () => {
    assert.equal(bylineOf({ model: "large" }, backends), "openai · large");
    assert.equal(bylineOf({ model: "unheard-of" }, backends), "unheard-of");
  });

  test("says so when a script writes", () => {
    const byline = "scripted · essay · written by a script, not by a model";
    assert.equal(bylineOf({ model: "essay" }, backends), byline);
    assert.equal(bylineOf({ backend: "scripted", model: "essay" }, backends), byline);
  });

  test("has no agent that a prompt alone cannot satisfy", async () => {
    const needing = (...required) => ({ ...PROMPT, required });
    const agents = [
      agent("translate", needing("prompt", "language")),
      agent("either", { oneOf: [needing("prompt", "tone"), needing("prompt")] }),
      agent("neither", { ...PROMPT, anyOf: [{ required: ["tone"] }, { required: ["language"] }] }),
      agent("both", { ...PROMPT, allOf: [{ required: ["prompt"] }, { required: ["language"] }] }),
      agent("chat", { ...needing(), additionalProperties: false, oneOf: [needing("prompt"), needing("messages")] }),
    ];
    assert.deepEqual(await offered(agents), ["either", "chat"]);
  });

  test("has none of the others either if they can only fail", async () => {
    const agents = [
      agent("translate", { required: ["language"] }),
      agent("strict", { properties: { text: {} }, additionalProperties: false }),
      agent("never", false),
      agent("open", { type: "object" }),
    ];
    assert.deepEqual(await offered(agents), ["open"]);
  });

  test("is empty while nothing is known", () => {
    assert.equal(bylineOf({}, backends), "");
    assert.equal(bylineOf({}, []), "");
  });
});
