/** Who can be asked: the agents and backends that the workers have announced. */

/** @typedef {{name: string, description: string, inputSchema: any, field: string}} Agent its `field` takes the text */
/** @typedef {{name: string, kind: string, models: string[], description: string}} Backend */
/** @typedef {{agents: Agent[], backends: Backend[]}} Catalogue */

/**
 * @returns {Promise<Catalogue>} with nobody in it while the server does not answer
 */
export async function fetchCatalogue() {
  try {
    const response = await fetch("/v1/agents", { headers: { Accept: "application/json" } });
    const { agents, backends } = await response.json();
    return { agents: askable(agents ?? []), backends: backends ?? [] };
  } catch {
    return { agents: [], backends: [] };
  }
}

/**
 * This page asks with one text and nothing else: the agents that say that they take one or anything, or
 * all that make do with a prompt if there are none.
 * @param {Agent[]} agents
 * @returns {Agent[]}
 */
function askable(agents) {
  const takers = agents.flatMap((agent) => {
    const field = textField(agent.inputSchema);
    return field === undefined ? [] : [{ ...agent, field }];
  });
  if (takers.length > 0) return takers;
  const content = agents.filter(({ inputSchema }) => isMetByPrompt(inputSchema));
  return content.map((agent) => ({ ...agent, field: "prompt" }));
}

/**
 * @param {any} schema a JSON Schema
 * @returns {string | undefined} the text that is enough: a prompt, or the only thing that must be given
 */
function textField(schema) {
  if (isMetByPrompt(schema)) return takesPrompt(schema) || takesAnything(schema) ? "prompt" : undefined;
  if (!isObject(schema) || schema.anyOf || schema.oneOf || schema.allOf) return undefined;
  const [name, ...others] = schema.required ?? [];
  const property = name !== undefined && Object.hasOwn(schema.properties ?? {}, name) && schema.properties[name];
  return others.length === 0 && property?.type === "string" && !property.enum ? name : undefined;
}

/**
 * @param {any} schema a JSON Schema
 * @returns {boolean}
 */
function takesPrompt(schema) {
  if (!isObject(schema)) return false;
  const alternatives = [schema.anyOf, schema.oneOf, schema.allOf].flatMap((list) => list ?? []);
  return Object.hasOwn(schema.properties ?? {}, "prompt") || alternatives.some(takesPrompt);
}

/**
 * @param {any} schema a JSON Schema that a prompt alone may satisfy
 * @returns {boolean} whether it is that of any object: an author who did not say what the agent takes
 */
function takesAnything(schema) {
  return isObject(schema) && schema.type === "object" && Object.keys(schema.properties ?? {}).length === 0;
}

/**
 * @param {any} schema a JSON Schema
 * @returns {boolean} whether an input that is a prompt alone may be valid: it admits it and needs nothing else
 */
function isMetByPrompt(schema) {
  if (!isObject(schema)) return schema !== false;
  const { required = [], properties = {}, additionalProperties, allOf = [], anyOf = [true], oneOf = [true] } = schema;
  return (
    (additionalProperties !== false || Object.hasOwn(properties, "prompt")) &&
    required.every((/** @type {string} */ name) => name === "prompt") &&
    allOf.every(isMetByPrompt) &&
    anyOf.some(isMetByPrompt) &&
    oneOf.some(isMetByPrompt)
  );
}

/** @param {any} schema */
function isObject(schema) {
  return typeof schema === "object" && schema !== null;
}
