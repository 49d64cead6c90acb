import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { gatherParameters } from "../../../kernel/run/index.ts";
import { temporaryFolder } from "./helpers.ts";

const folder = temporaryFolder();
afterAll(folder.remove);

const yaml = (names: string, value: string): string => names.split("").map((name) => `${name}: ${value}`).join("\n");

describe("gatherParameters", () => {
  it("lets later sources win: injected, -b, -f, -y, -p, -r", () => {
    const file = join(folder.path, "p.yaml");
    writeFileSync(file, yaml("cdef", "file"));
    const merged = gatherParameters({
      raw: [["f", "1"]], typed: [["e", "1"], ["f", "2"]], yaml: [yaml("def", "yaml")], files: [file],
      base64: [Buffer.from(yaml("bcdef", "base64")).toString("base64")], injected: Object.fromEntries("abcdef".split("").map((name) => [name, "injected"])),
    });
    expect(merged).toEqual({ a: "injected", b: "base64", c: "file", d: "yaml", e: 1, f: "1" });
  });

  it("reads JSON files too, and names a file that is not there", () => {
    const file = join(folder.path, "p.json");
    writeFileSync(file, '{"a": [1, {"b": null}]}');
    expect(gatherParameters({ files: [file] })).toEqual({ a: [1, { b: null }] });
    expect(() => gatherParameters({ files: [join(folder.path, "none.yaml")] })).toThrow(/Cannot read the parameters file .*none\.yaml/);
  });
});
