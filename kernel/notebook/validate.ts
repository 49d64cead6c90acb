import { Ajv } from "ajv";
import type { ErrorObject, ValidateFunction } from "ajv";
import { notebookSchema } from "./schema.ts";
import { NotebookFormatError } from "./errors.ts";

/** The last minor version of nbformat 4 whose every property is known here. */
export const latestMinor = 5;

const compiled = new Map<string, ValidateFunction>();

function validator(minor: number): ValidateFunction {
  const options = { ids: minor >= 5, extraProperties: minor > latestMinor };
  const key = JSON.stringify(options);
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const made = new Ajv({ discriminator: true, allowUnionTypes: true, strict: false }).compile(notebookSchema(options));
  compiled.set(key, made);
  return made;
}

/** `/cells/3/outputs/0/text` → `cell 4 ("code", id "ab12"), output 1, text` (people count from one). */
function place(path: string, notebook: unknown): string {
  const parts = path.split("/").slice(1);
  if (parts[0] !== "cells" || parts[1] === undefined) return parts.length === 0 ? "the notebook" : parts.join(".");
  const index = Number(parts[1]);
  const cell = (notebook as { cells?: Record<string, unknown>[] }).cells?.[index];
  const id = typeof cell?.id === "string" ? ` (id "${cell.id}")` : "";
  const rest = parts.slice(2);
  if (rest[0] === "outputs" && rest[1] !== undefined) rest.splice(0, 2, `output ${Number(rest[1]) + 1}`);
  return [`cell ${index + 1}${id}`, ...rest].join(", ");
}

function explain(error: ErrorObject): string {
  const params = error.params as Record<string, unknown>;
  if (error.keyword === "required") return `misses the property "${String(params.missingProperty)}"`;
  if (error.keyword === "additionalProperties") return `has the unknown property "${String(params.additionalProperty)}"`;
  if (error.keyword === "discriminator") return `has the ${String(params.tag)} ${JSON.stringify(params.tagValue)}, which nbformat 4 does not have`;
  if (error.keyword === "const") return `must be ${JSON.stringify(params.allowedValue)}`;
  return error.message ?? error.keyword;
}

/**
 * Checks a notebook's JSON against nbformat 4 at its own minor version.
 * Throws a NotebookFormatError that names the first offending cell and property.
 */
export function validateNotebook(notebook: unknown, name = "the notebook"): void {
  const minor = (notebook as { nbformat_minor?: unknown } | null)?.nbformat_minor;
  const validate = validator(typeof minor === "number" ? minor : 0);
  if (validate(notebook)) return;
  const error = validate.errors![0];
  throw new NotebookFormatError(`${name} is not a valid notebook: ${place(error.instancePath, notebook)} ${explain(error)}.`);
}
