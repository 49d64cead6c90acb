import { ParameterError } from "../errors.ts";
import type { Parameters } from "../float.ts";
import { python } from "./python.ts";
import { bash, julia, r, scala } from "./simple.ts";
import type { KnownParameter, Translator } from "./translator.ts";
import { javascript, typescript } from "./typescript.ts";

export type { KnownParameter, Translator } from "./translator.ts";

/** By kernel name first, then by language, as papermill looks them up. A new language is one line here. */
const translators: Readonly<Record<string, Translator>> = {
  potstill: typescript,
  tslab: typescript,
  deno: typescript,
  typescript,
  javascript,
  python,
  r,
  julia,
  bash,
  scala,
  pysparkkernel: python,
  sparkkernel: scala,
  sparkrkernel: r,
};

const own = (name: string | undefined): Translator | undefined =>
  name !== undefined && Object.hasOwn(translators, name.toLowerCase()) ? translators[name.toLowerCase()] : undefined;

/** The translator for a kernel or, failing that, for its language. Throws a ParameterError when there is none. */
export function findTranslator(kernel: string | undefined, language: string | undefined): Translator {
  const found = own(kernel) ?? own(language);
  if (found !== undefined) return found;
  const known = [...new Set(Object.keys(translators))].join(", ");
  throw new ParameterError(`Parameters cannot be written for kernel ${JSON.stringify(kernel)} with language ${JSON.stringify(language)}. Languages with parameters: ${known}. (--language says the language.)`);
}

/** The source of an injected-parameters cell. */
export function codify(translator: Translator, parameters: Parameters, known: readonly KnownParameter[] = []): string {
  const lines = Object.entries(parameters).map(([name, value]) => translator.assign(name, value, known.find((one) => one.name === name)));
  return [translator.comment("Parameters"), ...lines, ""].join("\n");
}
