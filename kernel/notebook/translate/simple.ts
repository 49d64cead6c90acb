import { ParameterError } from "../errors.ts";
import { pythonFloat } from "../python-float.ts";
import type { ParameterValue } from "../float.ts";
import { literal, quoted } from "./values.ts";
import type { Literals } from "./values.ts";
import type { KnownParameter, Translator } from "./translator.ts";

/** `name = value` at the start of a line (R also `<-`), one line each: enough for a parameters cell of plain values. */
function inspectLines(source: string): KnownParameter[] {
  return source.split(/\r?\n/).flatMap((line) => {
    const match = /^([\p{L}_.][\p{L}\p{N}_.]*)\s*(?:=(?!=)|<-)\s*([^#]*)(?:#(.*))?$/u.exec(line);
    return match ? [{ name: match[1], type: "None", default: match[2].trim(), help: match[3]?.trim() ?? "" }] : [];
  });
}

const commas = (values: readonly ParameterValue[], language: Literals): string => values.map((value) => literal(value, language)).join(", ");
const finite = (value: number, infinite: string, nan: string): string =>
  Number.isNaN(value) ? nan : Number.isFinite(value) ? pythonFloat(value) : (value < 0 ? "-" : "") + infinite;

const rLiterals: Literals = {
  nothing: () => "NULL",
  boolean: (value) => (value ? "TRUE" : "FALSE"),
  integer: String,
  float: (value) => finite(value, "Inf", "NaN"),
  string: quoted,
  list: (values) => `list(${commas(values, rLiterals)})`,
  record: (entries) => `list(${entries.map(([name, value]) => `${quoted(name)} = ${literal(value, rLiterals)}`).join(", ")})`,
};

/** R: `lr = 0.5`; a leading underscore, which R names must not have, is dropped. */
export const r: Translator = {
  comment: (text) => `# ${text}`,
  assign: (name, value) => `${name.replace(/^_+/, "")} = ${literal(value, rLiterals)}`,
  inspect: inspectLines,
};

const juliaLiterals: Literals = {
  nothing: () => "nothing",
  boolean: String,
  integer: String,
  float: (value) => finite(value, "Inf", "NaN"),
  string: (value) => quoted(value).replaceAll("$", "\\$"), // `$` interpolates
  list: (values) => `[${commas(values, juliaLiterals)}]`,
  record: (entries) => `Dict(${entries.map(([name, value]) => `${juliaLiterals.string(name)} => ${literal(value, juliaLiterals)}`).join(", ")})`,
};

export const julia: Translator = {
  comment: (text) => `# ${text}`,
  assign: (name, value) => `${name} = ${literal(value, juliaLiterals)}`,
  inspect: inspectLines,
};

const shellQuote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\"'\"'")}'`);

const bashLiterals: Literals = {
  nothing: () => "",
  boolean: String,
  integer: String,
  float: pythonFloat,
  string: shellQuote,
  list: (values) => `(${values.map((value) => literal(value, bashLiterals)).join(" ")})`,
  record: () => {
    throw new ParameterError("Bash has no literal for a record. Pass its fields as separate parameters.");
  },
};

export const bash: Translator = {
  comment: (text) => `# ${text}`,
  assign: (name, value) => `${name}=${literal(value, bashLiterals)}`,
  inspect: inspectLines,
};

const long = (value: number | bigint): string => (value > 2147483647 || value < -2147483648 ? `${value}L` : String(value));

const scalaLiterals: Literals = {
  nothing: () => "None",
  boolean: String,
  integer: long,
  float: (value) => finite(value, "Double.PositiveInfinity", "Double.NaN").replace("-Double.Positive", "Double.Negative"),
  string: quoted,
  list: (values) => `Seq(${commas(values, scalaLiterals)})`,
  record: (entries) => `Map(${entries.map(([name, value]) => `${quoted(name)} -> ${literal(value, scalaLiterals)}`).join(", ")})`,
};

export const scala: Translator = {
  comment: (text) => `// ${text}`,
  assign: (name, value) => `val ${name} = ${literal(value, scalaLiterals)}`,
};
