import type { ParameterValue } from "../float.ts";

/** What a parameters cell says about one of its parameters. */
export interface KnownParameter {
  name: string;
  /** The declared type; "None" where the cell declares none (papermill's word). */
  type: string;
  /** The default's source text. */
  default: string;
  help: string;
  /** How to declare it again, where the language has several ways (`let`, with a type annotation …). */
  declaration?: { keyword: string; annotation?: string };
}

/** Writes parameters in one language and finds those that a parameters cell declares. */
export interface Translator {
  comment(text: string): string;
  assign(name: string, value: ParameterValue, known?: KnownParameter): string;
  /** Undefined where the language's cells cannot be inspected. */
  inspect?(source: string): Promise<KnownParameter[]> | KnownParameter[];
}
