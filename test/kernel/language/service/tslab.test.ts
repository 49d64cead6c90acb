import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { LanguageCore } from "../../../../kernel/language/service/core.ts";
import { importsTslab } from "../../../../kernel/language/service/tslab.ts";

const lenient = "function f(a, b) { return a + b; }\nlet s: string = null;\nclass A { late: number; }\nlet o = { x: null }; o?.x?.z;\ntry { f(1, 2); } catch (e) { e.message; }";

const folder = mkdtempSync(join(tmpdir(), "potstill-tslab-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function open() {
  const core = new LanguageCore(folder);
  return { core, codes: (code: string) => core.check({ code }).map((found) => found.code) };
}

describe("notebooks for tslab", () => {
  it.each(['import * as tslab from "tslab"', "import {display} from 'tslab';", 'const t = require("tslab")', 'await import("tslab")'])("tell themselves by %s", (code) => expect(importsTslab(code)).toBe(true));
  it.each(['import x from "tslab-other"', 'const s = "tslab"', "// tslab", 'import y from "./tslab"'])("are not told by %s", (code) => expect(importsTslab(code)).toBe(false));

  it("are checked as tslab checks, from the import on; others strictly", () => {
    const { core, codes } = open();
    expect(new Set(codes(lenient))).toEqual(new Set([7006, 2322, 2564, 2339, 18046]));
    expect(codes('import * as tslab from "tslab"; tslab.display.html("x");')).toEqual([]);
    expect(codes(lenient)).toEqual([]);
    expect(codes("const n: number = 'text';")).toEqual([2322]);
    expect(codes('import { display as own } from "tslab"; own.html(5);')).toEqual([2345]);
    core.dispose();
  });

  it("are checked as strictly as a tsconfig.json says", () => {
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: { strict: true } }));
    const { core, codes } = open();
    expect(codes('import * as tslab from "tslab"; function f(a) { return tslab; }')).toEqual([7006]);
    core.dispose();
  });
});
