import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readSections } from "../../../lib/data/json-sections.ts";
import { random } from "../../../lib/tensor/random.ts";
import { temporaryFolder } from "./fixtures.ts";

const folder = temporaryFolder();
const wanted = ["images", "annotations"];

async function read(text: string) {
  const file = join(folder, "x.json");
  writeFileSync(file, text);
  const elements: [string, unknown][] = [];
  const result = await readSections(file, wanted, (section, element) => elements.push([section, element]));
  return { ...result, elements };
}

describe("readSections", () => {
  it("hands over the wanted arrays' elements and leaves the rest", async () => {
    const text = '\n{ "info": {"images": [1, {"x": "]}"}]}, "images" : [ {"a": "é\\"}]"} , {"b": [[{}]]} ], "n": 3, "annotations": [], "tail": ["images", [{}]] }\n';
    const { elements, rest, sha256 } = await read(text);
    expect(elements).toEqual([["images", { a: 'é"}]' }], ["images", { b: [[{}]] }]]);
    expect(rest).toEqual({ ...(JSON.parse(text) as object), images: [] });
    expect(sha256).toBe(createHash("sha256").update(text).digest("hex"));
  });

  it("gives the same whatever the chunks cut: records and keys across 1 MiB borders", async () => {
    const u = random("sections", 1);
    const records = Array.from({ length: 60 }, (_, id) => ({ id, text: "é\\\"]}".repeat(u.integer(20_000)), list: [id, [u.next()]] }));
    const { elements, rest } = await read(JSON.stringify({ ["k".repeat((1 << 20) - 5)]: 1, images: records, annotations: records.slice(0, 3) }));
    expect(elements.map(([, element]) => element)).toEqual([...records, ...records.slice(0, 3)]);
    expect(Object.keys(rest)).toHaveLength(3);
  });

  it("reads Python's NaN and Infinity as numbers, and leaves such words in texts alone", async () => {
    const { elements } = await read('{"images": [{"a": NaN, "b": [-Infinity, Infinity], "c": "x, NaN ]"}], "annotations": []}');
    expect(elements[0][1]).toEqual({ a: NaN, b: [-Infinity, Infinity], c: "x, NaN ]" });
  });

  it.each([
    ["cut short", '{"images": [{"id": 1}, {"id": 2', /ends inside "images"/],
    ["missing comma", '{"images": [{"id": 1} {"id": 2}]}', /byte 22.*"images".*expected "," or "\]"/],
    ["trailing comma", '{"images": [{"id": 1},]}', /byte 22.*expected an object/],
    ["number in the array", '{"images": [7]}', /byte 12.*expected an object.*received "7"/],
    ["broken record", '{"images": [{"id": 1}, {"id" 2}]}', /byte 29/],
    ["bytes counted, not characters", '{"images": [{"é": 1}, {"id" 2}]}', /byte 29/],
    ["broken outside", '{"info": {,}, "images": []}', /broken JSON.*outside/],
    ["empty", "", /the file is empty/],
    ["array", "[]", /expected an object.*array \(a result file\?\)/],
    ["cut outside", '{"images": []', /broken JSON/],
    ["no JSON", "<html></html>", /broken JSON/],
  ])("refuses a file that is %s", async (_name, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
    await expect(read(text)).rejects.toThrow("x.json");
  });

  it("names a missing file", async () => {
    await expect(readSections(join(folder, "absent.json"), wanted, () => undefined)).rejects.toThrow(/absent\.json: no such file/);
  });
});
