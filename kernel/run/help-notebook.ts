import { inspectParameters } from "../notebook/index.ts";
import type { KnownParameter, Notebook, ParameteriseOptions } from "../notebook/index.ts";
import { hasTag } from "../notebook/index.ts";

function describe(parameter: KnownParameter): string {
  const type = parameter.type === "None" ? "Unknown type" : parameter.type;
  const definition = `  ${parameter.name}: ${type} (default ${parameter.default})`;
  if (parameter.help === "") return definition;
  return definition.length > 30 ? `${definition}\n${" ".repeat(34)}${parameter.help}` : definition.padEnd(34) + parameter.help;
}

/** What `--help-notebook` prints about a notebook's parameters, in papermill's words. `found` is false without a parameters cell. */
export async function describeParameters(notebook: Notebook, name: string, options: ParameteriseOptions): Promise<{ text: string; found: boolean }> {
  const title = `\nParameters inferred for notebook '${name}':`;
  if (!notebook.cells.some((cell) => hasTag(cell, "parameters"))) return { text: `${title}\n\n  No cell tagged 'parameters'`, found: false };
  const known = (await inspectParameters(notebook, options)) ?? [];
  const lines = known.length > 0 ? known.map(describe) : ["\n  Can't infer anything about this notebook's parameters. It may not have any parameter defined."];
  return { text: [title, ...lines].join("\n"), found: true };
}
