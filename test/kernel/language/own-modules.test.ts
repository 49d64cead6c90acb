import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { ownModule, ownModuleFile, ownModulePath, withOwnModules } from "../../../kernel/language/own-modules.ts";

const require = createRequire(import.meta.url);

describe("the kernel's own modules", () => {
  it("are the cell API and tslab's interface, and nothing that sounds like them", () => {
    expect(["potstill/notebook", "potstill/tslab", "tslab"].map(ownModuleFile)).toEqual(["notebook-api", "tslab/index", "tslab/index"]);
    expect(ownModule("tslab")).toMatch(/^file:.*\/kernel\/tslab\/index\.js$/);
    for (const name of ["tslab/dist/public", "potstill", "toString", "./tslab"]) expect([ownModuleFile(name), ownModule(name)]).toEqual([undefined, undefined]);
  });

  it("are what require resolves; everything else stays as it was", () => {
    const own = withOwnModules(require);
    expect([own.resolve("tslab"), own.resolve("node:fs"), own.resolve("typescript")]).toEqual([ownModulePath("tslab"), "node:fs", require.resolve("typescript")]);
    expect(own.resolve.paths("typescript")).toEqual(require.resolve.paths("typescript"));
    expect(own("node:fs")).toBe(require("node:fs"));
    expect([own.cache, own.extensions, own.main]).toEqual([require.cache, require.extensions, require.main]);
  });
});
