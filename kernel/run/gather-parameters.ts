import { readFileSync } from "node:fs";
import { ParameterError } from "../notebook/index.ts";
import type { Parameters } from "../notebook/index.ts";
import { parseYaml, resolveType } from "./python-values.ts";

/** Where parameters come from on the command line; lists keep the order in which they were given. */
export interface ParameterSources {
  /** `-b`: base64 of YAML. */
  base64?: readonly string[];
  /** `-f`: YAML or JSON files. */
  files?: readonly string[];
  /** `-y`: YAML text. */
  yaml?: readonly string[];
  /** `-p`: name and value, typed by papermill's rules. */
  typed?: readonly (readonly [string, string])[];
  /** `-r`: name and text. */
  raw?: readonly (readonly [string, string])[];
  /** The paths that `--inject-…` asks for. */
  injected?: Parameters;
}

function readParameterFile(path: string): Parameters {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new ParameterError(`Cannot read the parameters file ${path}: ${(error as Error).message}`);
  }
  return parseYaml(text, path);
}

/** All parameters, later sources winning: injected paths, -b, -f, -y, -p, -r (papermill's order). Throws a ParameterError. */
export function gatherParameters(sources: ParameterSources): Parameters {
  return Object.assign(
    {},
    sources.injected,
    ...(sources.base64 ?? []).map((text) => parseYaml(Buffer.from(text, "base64").toString("utf8"), "the base64 of -b")),
    ...(sources.files ?? []).map(readParameterFile),
    ...(sources.yaml ?? []).map((text) => parseYaml(text, "the text of -y")),
    Object.fromEntries((sources.typed ?? []).map(([name, value]) => [name, resolveType(value)])),
    Object.fromEntries(sources.raw ?? []),
  ) as Parameters;
}
