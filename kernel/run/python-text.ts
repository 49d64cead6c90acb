import { Float } from "../notebook/index.ts";
import { pythonFloat } from "../notebook/python-float.ts";

/** A moment as Python prints it; its UTC fields are those of the wanted time zone. */
export class Moment {
  readonly fields: Date;
  readonly offset: string;
  constructor(fields: Date, offset: string) {
    this.fields = fields;
    this.offset = offset;
  }
  toString(): string {
    return `${this.fields.toISOString().replace("T", " ").slice(0, -1)}000${this.offset}`;
  }
}

/** Python's `str` of a value, and `repr` inside lists and records. */
export function pythonText(value: unknown, inside = false): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (value instanceof Float || (typeof value === "number" && !Number.isInteger(value))) return pythonFloat(value);
  if (typeof value === "string") return inside ? `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'` : value;
  if (Array.isArray(value)) return `[${value.map((item) => pythonText(item, true)).join(", ")}]`;
  if (value instanceof Moment) return value.toString();
  if (typeof value !== "object") return `${value as number | bigint}`;
  return `{${Object.entries(value).map(([key, item]) => `${pythonText(key, true)}: ${pythonText(item, true)}`).join(", ")}}`;
}
