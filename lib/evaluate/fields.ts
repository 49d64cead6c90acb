import { keyTable } from "./json-bytes.ts";
import type { JsonBytes, KeyTable } from "./json-bytes.ts";

/** The data do not describe an evaluation; the message says file, place, field, what was found and what may stand there. */
export class EvaluationDataError extends Error {
  override name = "EvaluationDataError";
}

/** What a record's field may hold. */
export type FieldKind = "id" | "number" | "flag" | "box" | "text" | "ignored";

/** A field's name, kind and whether it may be absent. */
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  readonly optional?: boolean;
}

/** A record being read: its numbers in the fields' order, boxes taking four places; NaN marks a field that is absent. */
export interface RecordShape {
  readonly fields: readonly Field[];
  readonly keys: KeyTable;
  readonly offsets: readonly number[];
  readonly width: number;
}

/** Lays a record's fields out in a row of numbers. */
export function recordShape(fields: readonly Field[]): RecordShape {
  const offsets: number[] = [];
  let width = 0;
  for (const { kind } of fields) {
    offsets.push(width);
    width += kind === "box" ? 4 : 1;
  }
  return { fields, keys: keyTable(fields.map(({ name }) => name)), offsets, width };
}

/** A record's numbers, and its text fields by name. */
export interface Row {
  readonly numbers: Float64Array;
  readonly texts: Map<string, string>;
}

/** Makes an empty row for records of this shape. */
export const emptyRow = ({ width }: RecordShape): Row => ({ numbers: new Float64Array(width), texts: new Map() });

/** Reads one JSON object into `row`. @param where how messages call it, such as `annotations[3]` */
export function readRecord(json: JsonBytes, shape: RecordShape, { row, where }: { row: Row; where: () => string }): void {
  row.numbers.fill(NaN);
  row.texts.clear();
  if (json.kind() !== "object") throw new EvaluationDataError(`${json.path}: ${where()} is ${article(json.kind())}; it must be an object`);
  for (let more = json.enterObject(); more; more = json.nextKey()) {
    const place = json.key(shape.keys);
    if (place < 0) json.skip();
    else readField(json, shape, { place, row, where });
  }
  for (let i = 0; i < shape.fields.length; i++) {
    const { name, kind, optional } = shape.fields[i];
    if (optional || kind === "ignored" || kind === "text" || !Number.isNaN(row.numbers[shape.offsets[i]])) continue;
    throw new EvaluationDataError(`${json.path}: ${where()}${idOf(shape, row)} has no "${name}"; ${EXPECTED[kind]} must stand there`);
  }
}

interface FieldPlace {
  readonly place: number;
  readonly row: Row;
  readonly where: () => string;
}

function readField(json: JsonBytes, shape: RecordShape, { place, row, where }: FieldPlace): void {
  const { name, kind } = shape.fields[place];
  const at = shape.offsets[place];
  const found = json.kind();
  const fail = (received: string): never => {
    throw new EvaluationDataError(`${json.path}: ${where()}${idOf(shape, row)}: "${name}" is ${received}; ${EXPECTED[kind]} must stand there`);
  };
  if (kind === "box") return readBox(json, row.numbers, { at, fail });
  if (kind === "text" && found === "string") return void row.texts.set(name, json.string());
  if (kind === "text" || kind === "ignored") return json.skip();
  if (kind === "flag" && found === "boolean") row.numbers[at] = json.literal() === true ? 1 : 0;
  else if (found !== "number") fail(received(json));
  else row.numbers[at] = json.number();
  const value = row.numbers[at];
  if (!Number.isFinite(value) || (kind === "id" && !Number.isSafeInteger(value))) fail(String(value));
}

function readBox(json: JsonBytes, numbers: Float64Array, { at, fail }: { at: number; fail: (received: string) => never }): void {
  if (json.kind() !== "array") fail(received(json));
  let count = 0;
  for (let more = json.enterArray(); more; more = json.nextItem(), count++) {
    if (json.kind() !== "number") fail(`a list with ${received(json)} at place ${count}`);
    const value = json.number();
    if (!Number.isFinite(value)) fail(`a list with ${value} at place ${count}`);
    if (count < 4) numbers[at + count] = value;
  }
  if (count !== 4) fail(`a list of ${count}`);
}

const EXPECTED: Readonly<Record<FieldKind, string>> = {
  id: "a whole number",
  number: "a finite number",
  flag: "0 or 1",
  box: "[x, y, width, height] of four finite numbers",
  text: "text",
  ignored: "anything",
};

function received(json: JsonBytes): string {
  const kind = json.kind();
  if (kind === "string") return `the text ${JSON.stringify(json.string().slice(0, 40))}`;
  return kind === "nothing" ? "not a JSON value (NaN and Infinity are not JSON)" : article(kind);
}

function article(kind: string): string {
  return kind === "null" || kind === "nothing" ? kind : `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}

/** ` (id 17)` once a record's id is known. */
function idOf({ fields, offsets }: RecordShape, { numbers }: Row): string {
  const place = fields.findIndex(({ name }) => name === "id");
  return place < 0 || Number.isNaN(numbers[offsets[place]]) ? "" : ` (id ${numbers[offsets[place]]})`;
}
