import type { MaskForm } from "../tensor/masks/segmentation.ts";
import { keyTable } from "./json-bytes.ts";
import type { JsonBytes, KeyTable } from "./json-bytes.ts";
import { readMaskForm } from "./mask-form.ts";

/** The data do not describe an evaluation; the message says file, place, field, what was found and what may stand there. */
export class EvaluationDataError extends Error {
  override name = "EvaluationDataError";
}

/** What a record's field may hold. */
export type FieldKind = "id" | "number" | "flag" | "box" | "text" | "mask";

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

/** A record's numbers, its text fields by name, and its mask as it stands in the file. */
export interface Row {
  readonly numbers: Float64Array;
  readonly texts: Map<string, string>;
  mask: MaskForm | undefined;
}

/** Reads records of one shape, one after another, into the same row; nothing is allocated per record but texts. */
export class RecordReader {
  /** The record read last. */
  readonly row: Row;
  readonly #json: JsonBytes;
  readonly #shape: RecordShape;
  readonly #where: () => string;

  /** @param where how messages call the record at hand, such as `annotations[3]` */
  constructor(json: JsonBytes, shape: RecordShape, where: () => string) {
    this.#json = json;
    this.#shape = shape;
    this.#where = where;
    this.row = { numbers: new Float64Array(shape.width), texts: new Map(), mask: undefined };
  }

  /** Reads the next JSON object into `row`. Throws `EvaluationDataError` naming file, record and field. */
  read(): void {
    const json = this.#json;
    this.row.numbers.fill(NaN);
    this.row.texts.clear();
    this.row.mask = undefined;
    if (json.kind() !== "object") throw new EvaluationDataError(`${json.path}: ${this.#where()} is ${article(json.kind())}; it must be an object`);
    for (let more = json.enterObject(); more; more = json.nextKey()) {
      const place = json.key(this.#shape.keys);
      if (place < 0) json.skip();
      else this.#readField(place);
    }
    this.#checkPresence();
  }

  #readField(place: number): void {
    const json = this.#json;
    const { name, kind } = this.#shape.fields[place];
    if (kind === "box") return this.#readBox(place);
    if (kind === "mask") return void (this.row.mask = readMaskForm(json, (found) => this.#refuse(place, found)));
    const found = json.kind();
    if (kind === "text") return found === "string" ? void this.row.texts.set(name, json.string()) : json.skip();
    if (found !== "number" && !(kind === "flag" && found === "boolean")) this.#refuse(place, received(json));
    const value = found === "number" ? json.number() : Number(json.literal());
    if (!Number.isFinite(value) || (kind === "id" && !Number.isSafeInteger(value))) this.#refuse(place, String(value));
    this.row.numbers[this.#shape.offsets[place]] = value;
  }

  #readBox(place: number): void {
    const json = this.#json;
    const at = this.#shape.offsets[place];
    if (json.kind() !== "array") this.#refuse(place, received(json));
    let count = 0;
    for (let more = json.enterArray(); more; more = json.nextItem(), count++) {
      if (json.kind() !== "number") this.#refuse(place, `a list with ${received(json)} at place ${count}`);
      const value = json.number();
      if (!Number.isFinite(value)) this.#refuse(place, `a list with ${value} at place ${count}`);
      if (count < 4) this.row.numbers[at + count] = value;
    }
    if (count !== 4) this.#refuse(place, `a list of ${count}`);
  }

  #checkPresence(): void {
    const { fields, offsets } = this.#shape;
    for (let i = 0; i < fields.length; i++) {
      const { name, kind, optional } = fields[i];
      if (optional || kind === "text" || kind === "mask" || !Number.isNaN(this.row.numbers[offsets[i]])) continue;
      throw new EvaluationDataError(`${this.#json.path}: ${this.#where()}${this.#id()} has no "${name}"; ${EXPECTED[kind]} must stand there`);
    }
  }

  #refuse(place: number, found: string): never {
    const { name, kind } = this.#shape.fields[place];
    throw new EvaluationDataError(`${this.#json.path}: ${this.#where()}${this.#id()}: "${name}" is ${found}; ${EXPECTED[kind]} must stand there`);
  }

  /** ` (id 17)` once the record's id is known. */
  #id(): string {
    const place = this.#shape.fields.findIndex(({ name }) => name === "id");
    const id = place < 0 ? NaN : this.row.numbers[this.#shape.offsets[place]];
    return Number.isNaN(id) ? "" : ` (id ${id})`;
  }
}

const EXPECTED: Readonly<Record<FieldKind, string>> = {
  id: "a whole number",
  number: "a finite number",
  flag: "0 or 1",
  box: "[x, y, width, height] of four finite numbers",
  text: "text",
  mask: "polygons [[x, y, …], …] or run lengths {counts, size: [height, width]}",
};

function received(json: JsonBytes): string {
  const kind = json.kind();
  if (kind === "string") return `the text ${JSON.stringify(json.string().slice(0, 40))}`;
  return kind === "nothing" ? "not a JSON value (NaN and Infinity are not JSON)" : article(kind);
}

function article(kind: string): string {
  return kind === "null" || kind === "nothing" ? kind : `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}
