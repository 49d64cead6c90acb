import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { oracleFolder } from "../shared.ts";

const folder = oracleFolder("distill");

/** Files checked by a test beside this one. */
const covered: Readonly<Record<string, string>> = {
  "crosskd.json": "distill-crosskd.test.ts",
  "cwd.json": "distill-cwd.test.ts",
  "fgd.json": "distill-fgd.test.ts",
  "fitnets.json": "distill-fitnets.test.ts",
  "fkd.json": "distill-fkd.test.ts",
  "frs.json": "distill-frs.test.ts",
  "gid.json": "distill-gid.test.ts",
  "labelenc.json": "distill-labelenc.test.ts",
  "ld.json": "distill-ld.test.ts",
  "lgd.json": "distill-lgd.test.ts",
  "mgd.json": "distill-mgd.test.ts",
  "pkd.json": "distill-pkd.test.ts",
  "semckd.json": "distill-semckd.test.ts",
  "sssd.json": "distill-sssd.test.ts",
  "tf-fd.json": "distill-tf-fd.test.ts",
};

/** Files that no test covers, and why. */
const leftOut: Readonly<Record<string, string>> = {};

describe.skipIf(folder === undefined)("the distillation oracles", () => {
  it("has a test or a stated reason for every file", () => {
    const files = readdirSync(folder!).filter((name) => name.endsWith(".json"));
    for (const name of files.filter((one) => one in leftOut)) console.log(`left out: ${name}: ${leftOut[name]}`);
    expect(files.filter((name) => !(name in covered) && !(name in leftOut))).toEqual([]);
  });
});
