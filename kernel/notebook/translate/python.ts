import { pythonFloat } from "../python-float.ts";
import { literal, quoted } from "./values.ts";
import type { Literals } from "./values.ts";
import type { KnownParameter, Translator } from "./translator.ts";

const literals: Literals = {
  nothing: () => "None",
  boolean: (value) => (value ? "True" : "False"),
  integer: String,
  float: (value) => (Number.isFinite(value) ? pythonFloat(value) : `float('${pythonFloat(value)}')`),
  string: quoted,
  list: (values) => `[${values.map((value) => literal(value, literals)).join(", ")}]`,
  record: (entries) => `{${entries.map(([name, value]) => `${quoted(name)}: ${literal(value, literals)}`).join(", ")}}`,
};

const assignment =
  /^(?<name>\w+)\s*(?::\s*["']?(?<annotation>\w[\w[\],\s]*)["']?\s*)?=\s*(?<value>.*?)(?:\s*#\s*(?:type:\s*(?<type>\S*)\s*)?(?<help>.*))?$/;

/** Lines grouped to one definition each: a definition starts on a line with `=`; comments inside it are dropped. */
function definitions(source: string): string[] {
  const groups: string[][] = [];
  for (const line of source.split(/\r?\n/)) {
    if (line.trim() === "" || line.trim().startsWith("#")) continue;
    if (/^\w+\s*(:[^=]*)?=(?!=)/.test(line)) groups.push([line]);
    else groups.at(-1)?.push(line);
  }
  return groups.map((group) => group.map((line, index) => (index < group.length - 1 ? line.replace(/#.*/, "") : line).trim()).join(""));
}

function inspect(source: string): KnownParameter[] {
  return definitions(source).flatMap((definition) => {
    const { name, annotation, value, type, help } = assignment.exec(definition)?.groups ?? {};
    if (name === undefined) return [];
    return [{ name, type: (annotation ?? type ?? "None").trim(), default: (value ?? "").trim(), help: (help ?? "").trim() }];
  });
}

/** Python: `lr = 0.5`, as papermill writes it. */
export const python: Translator = {
  comment: (text) => `# ${text}`,
  assign: (name, value) => `${name} = ${literal(value, literals)}`,
  inspect,
};
