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
 * This page can only ask with a prompt: the agents that take one, or all if none says so.
 * @param {Agent[]} agents
 */
function promptable(agents) {
  const takers = agents.filter(({ inputSchema }) => takesPrompt(inputSchema));
  return takers.length > 0 ? takers : agents;
}

/**
 * @param {any} schema a JSON Schema
 * @returns {boolean}
 */
function takesPrompt(schema) {
  if (typeof schema !== "object" || schema === null) return false;
  const alternatives = [schema.anyOf, schema.oneOf, schema.allOf].flatMap((list) => list ?? []);
  return Object.hasOwn(schema.properties ?? {}, "prompt") || alternatives.some(takesPrompt);
}
