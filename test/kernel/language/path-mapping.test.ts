import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, expect, it } from "vitest";
import { mapPath } from "../../../kernel/language/path-mapping.ts";

const base = mkdtempSync(join(tmpdir(), "potstill-paths-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));
mkdirSync(join(base, "src", "deep"), { recursive: true });
for (const name of ["src/a.ts", "src/b.tsx", "src/deep/index.ts", "src/special.mts", "src/plain.js"]) writeFileSync(join(base, name), "");
const url = (name: string): string => pathToFileURL(join(base, name)).href;

const mapping = { base, patterns: [["@/*", ["./none/*", "./src/*"]], ["@/deep/*.x", ["src/*.ts"]], ["@/exact", ["src/special.mts"]], ["*", ["src/*"]]] } as const;

it.each([
  ["@/a", "src/a.ts"],
  ["@/a.ts", "src/a.ts"],
  ["@/a.js", "src/a.ts"],
  ["@/b", "src/b.tsx"],
  ["@/b.jsx", "src/b.tsx"],
  ["@/deep", "src/deep/index.ts"],
  ["@/deep/a.x", "src/a.ts"],
  ["@/exact", "src/special.mts"],
  ["@/plain.js", "src/plain.js"],
  ["a", "src/a.ts"],
])("%s is %s", (specifier, file) => expect(mapPath(specifier, mapping)).toBe(url(file)));

it.each(["@/missing", "lodash", "@scope/package"])("%s is left to Node", (specifier) => expect(mapPath(specifier, mapping)).toBeUndefined());
