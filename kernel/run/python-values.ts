import { parseDocument } from "yaml";
import type { ScalarTag } from "yaml";
import { ParameterError } from "../notebook/index.ts";
import { float, integer } from "../notebook/float.ts";
import type { Parameters, ParameterValue } from "../notebook/index.ts";
import { toParameters } from "./parameter-values.ts";

const pythonInteger = /^[+-]?\d+(_\d+)*$/;
const pythonFloatText = /^[+-]?((\d+(_\d+)*)(\.(\d+(_\d+)*)?)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?$/i;
const pythonNamed = /^([+-]?)(inf|infinity|nan)$/i;

function named(match: RegExpExecArray): number {
  if (match[2].toLowerCase() === "nan") return NaN;
  return match[1] === "-" ? -Infinity : Infinity;
}

/** The value of a `-p` argument by papermill's rules: True, False, None, what Python's int() reads, what its float() reads, text. */
export function resolveType(text: string): ParameterValue {
  if (text === "True" || text === "False") return text === "True";
  if (text === "None") return null;
  const bare = text.trim();
  if (pythonInteger.test(bare)) return integer(bare.replaceAll("_", "").replace(/^\+/, ""));
  if (pythonFloatText.test(bare)) return float(Number(bare.replaceAll("_", "")));
  const special = pythonNamed.exec(bare);
  return special ? named(special) : text;
}

function sexagesimal(text: string): number {
  const digits = text.replaceAll("_", "").replace(/^[+-]/, "").split(":");
  return digits.reduce((sum, part) => sum * 60 + Number(part), 0) * (text.startsWith("-") ? -1 : 1);
}

function yamlInteger(text: string): number | bigint {
  const plain = text.replaceAll("_", "").replace(/^[+-]/, "");
  const sign = text.startsWith("-") ? -1n : 1n;
  if (plain.includes(":")) return sexagesimal(text);
  return integer(sign * BigInt(/^0[0-7]+$/.test(plain) ? `0o${plain}` : plain));
}

function yamlFloat(text: string): unknown {
  if (/\.nan$/i.test(text)) return NaN;
  if (/\.inf$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return float(text.includes(":") ? sexagesimal(text) : Number(text.replaceAll("_", "")));
}

const tag = (name: string, test: RegExp, resolve: (text: string) => unknown): ScalarTag => ({ tag: `tag:yaml.org,2002:${name}`, default: true, test, resolve });

/** The implicit types of PyYAML's SafeLoader (YAML 1.1, where `1e5` is text and `yes` is true), without its timestamps. */
const pyYamlTags: ScalarTag[] = [
  tag("null", /^(?:~|null|Null|NULL|)$/, () => null),
  tag("bool", /^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/, (text) => /^(yes|true|on)$/i.test(text)),
  tag("int", /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/, yamlInteger),
  tag("float", /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/, yamlFloat),
];

/**
 * Parameters from YAML (or JSON) text, read as papermill reads them; empty text gives none.
 * Throws a ParameterError that names the source.
 */
export function parseYaml(text: string, source: string): Parameters {
  const document = parseDocument(text, { version: "1.1", schema: "failsafe", merge: true, uniqueKeys: false, customTags: (tags) => [...pyYamlTags, ...tags] });
  if (document.errors.length > 0) throw new ParameterError(`${source} is not YAML: ${document.errors[0].message}`);
  const value = document.toJS() as unknown;
  if (value === null || value === undefined) return {};
  if (typeof value !== "object" || Array.isArray(value)) throw new ParameterError(`${source} must hold names with values (a YAML mapping); received ${JSON.stringify(value)}.`);
  return toParameters(value as Record<string, unknown>);
}
