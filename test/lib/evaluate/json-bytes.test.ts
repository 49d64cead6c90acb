import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { JsonBytes, JsonError, keyTable } from "../../../lib/evaluate/json-bytes.ts";
import { seeded } from "./random-case.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-json-"));
afterAll(() => rmSync(folder, { recursive: true }));

const KEYS = ["a", "image_id", "ключ"];

/** Reads a whole document with the cursor, objects as lists of [key place, value]. */
function readValue(json: JsonBytes): unknown {
  const kind = json.kind();
  if (kind === "number") return json.number();
  if (kind === "string") return json.string();
  const items: unknown[] = [];
  if (kind === "array") for (let more = json.enterArray(); more; more = json.nextItem()) items.push(readValue(json));
  else if (kind === "object") for (let more = json.enterObject(); more; more = json.nextKey()) items.push([json.key(keyTable(KEYS)), readValue(json)]);
  else return json.literal();
  return items;
}

const asLists = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(asLists);
  if (value === null || typeof value !== "object") return value;
  return Object.entries(value).map(([key, item]) => [KEYS.indexOf(key), asLists(item)]);
};

function read(text: string, { skip = false, windowBytes = 16 } = {}): unknown {
  const path = join(folder, "case.json");
  writeFileSync(path, text);
  const json = new JsonBytes(path, { windowBytes });
  try {
    const value = skip ? json.skip() : readValue(json);
    json.finish();
    return value;
  } finally {
    json.close();
  }
}

function randomValue(random: () => number, depth = 0): unknown {
  const choice = Math.floor(random() * (depth > 3 ? 5 : 7));
  if (choice === 0) return random() < 0.5 ? null : random() < 0.5;
  if (choice === 1) return Math.floor((random() - 0.5) * 2 ** Math.floor(random() * 53));
  if (choice === 2) return (random() - 0.5) * 10 ** Math.floor(random() * 40 - 20);
  if (choice === 3) return `é"\\\n${"x".repeat(Math.floor(random() * 40))}\u{1f600}`;
  if (choice === 4) return random();
  const items = Array.from({ length: Math.floor(random() * 5) }, () => randomValue(random, depth + 1));
  return choice === 5 ? items : Object.fromEntries(items.map((item, i) => [[...KEYS, "other\t"][i % 4], item]));
}

it("reads what JSON.parse reads, however small the window", () => {
  const random = seeded(3);
  for (let i = 0; i < 400; i++) {
    const value = randomValue(random);
    const text = JSON.stringify(value, null, i % 3);
    expect(read(text, { windowBytes: 16 + (i % 50) })).toEqual(asLists(JSON.parse(text)));
    expect(read(text, { skip: true })).toBeUndefined();
  }
});

it.each(["1e5", "1E-7", "-0", "123456789012345678901234567890", "0.1", "9007199254740993", "2.2250738585072011e-308", "1e400", "4.35", "0.000001", "1.7976931348623157e308"])("reads the number %s", (text) => {
  expect(Object.is(read(text), JSON.parse(text))).toBe(true);
});

it("matches keys that are written with escapes", () => {
  expect(read('{"image\\u005fid": 1, "\\u0061": 2}')).toEqual([[1, 1], [0, 2]]);
});

describe("refuses what is not JSON", () => {
  it.each(["", "[", "[1", "[1,", "[1,]", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,}', "[1 2]", "01", "1.", ".5", "+1", "-", "1e", "1e+", "nul", "NaN", "Infinity", "-Infinity", '"a', '"a\\', '"\u0001"', "[1]]", "{1:2}", "[1]x", "'a'"])("%j", (text) => {
    expect(() => JSON.parse(text) as unknown).toThrow();
    for (const skip of [false, true]) expect(() => read(text, { skip })).toThrow(JsonError);
  });

  it("says where", () => {
    expect(() => read('[1, 2, tru]')).toThrow(/case\.json is not valid JSON: expected a value at byte 10, where it has "\]"/);
    expect(() => read("[1, 2")).toThrow(/at the end of the file/);
  });

  it("does not overflow the stack on deep nesting", () => {
    expect(() => read("[".repeat(100_000), { skip: true })).toThrow(/nested more than/);
  });
});
