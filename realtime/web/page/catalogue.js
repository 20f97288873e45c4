/** Who can be asked: the agents and backends that the workers have announced. */

/** @typedef {{name: string, description: string, inputSchema: any}} Agent */
/** @typedef {{name: string, kind: string, models: string[], description: string}} Backend */
/** @typedef {{agents: Agent[], backends: Backend[]}} Catalogue */

/**
 * @returns {Promise<Catalogue>} with nobody in it while the server does not answer
 */
export async function fetchCatalogue() {
  try {
    const response = await fetch("/v1/agents", { headers: { Accept: "application/json" } });
    const { agents, backends } = await response.json();
    return { agents: promptable(agents ?? []), backends: backends ?? [] };
  } catch {
    return { agents: [], backends: [] };
  }
}

/**
 * This page asks with a prompt and nothing else: the agents that say that they take one or anything, or all
 * that make do with it if there are none.
 * @param {Agent[]} agents
 */
function promptable(agents) {
  const content = agents.filter(({ inputSchema }) => isMetByPrompt(inputSchema));
  const takers = content.filter(({ inputSchema }) => takesPrompt(inputSchema) || takesAnything(inputSchema));
  return takers.length > 0 ? takers : content;
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
