import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { LanguageCore } from "../../../../kernel/language/service/core.ts";
import { Documents } from "../../../../kernel/language/service/documents.ts";

let folder: string;
beforeAll(() => { folder = mkdtempSync(join(tmpdir(), "potstill-cells-")); });
afterAll(() => { rmSync(folder, { recursive: true }); });

const documents = new Documents();
const run = (core: LanguageCore, code: string): number[] => {
  const found = core.check({ code, name: "cell" }).map(({ code: number }) => number);
  core.commit({ code, name: "cell" });
  return found;
};

it("a cell whose names were all declared again leaves the program: the thousandth run costs what the tenth does", () => {
  const core = new LanguageCore(folder, documents);
  const files = (): number => (JSON.parse(documents.reportStats()) as { files: number }).files;
  for (let k = 0; k < 10; k++) expect(run(core, `const again = ${k}; function use(): number { return again }`)).toEqual([]);
  const before = files();
  for (let k = 0; k < 100; k++) expect(run(core, `const again = ${k}; function use(): number { return again }`)).toEqual([]);
  expect(run(core, "use() + again")).toEqual([]);
  expect(files()).toBeLessThanOrEqual(before + 2);
});

it("what a later cell was built on stays, also when its name means something else now", () => {
  const core = new LanguageCore(folder, documents);
  run(core, "interface Size { width: number }\nconst unit: Size = { width: 1 };");
  run(core, "const double = { ...unit, factor: 2 };\ntype Doubled = typeof double;");
  run(core, "interface Size { other: string }\nconst unit = 'replaced';");
  expect(run(core, "const sum: number = double.width + double.factor; const again: Doubled = double; unit.length")).toEqual([]);
  expect(run(core, "double.missing")).toEqual([2339]);
});

it("global declarations stay when the rest of their cell was declared again", () => {
  const core = new LanguageCore(folder, documents);
  run(core, "declare global { var everywhere: number }\nconst mine = 1;");
  run(core, "const mine = 2;");
  expect(run(core, "everywhere + mine")).toEqual([]);
});
