import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readNotebook } from "../kernel/notebook/index.ts";
import { findLeaks } from "../lib/provenance/leaks.ts";
import { root } from "./potstill.ts";

/** Every notebook that git keeps, test material excepted; without git those of `notebooks/`. */
function committed(): string[] {
  try {
    return execFileSync("git", ["ls-files", "-z", "--", "*.ipynb"], { cwd: root, encoding: "utf8" }).split("\0").filter((path) => path !== "" && !path.startsWith("test/"));
  } catch {
    return readdirSync(join(root, "notebooks")).filter((name) => name.endsWith(".ipynb")).map((name) => `notebooks/${name}`);
  }
}

describe("committed notebooks", () => {
  const paths = committed();

  it("are there", () => {
    expect(paths).toContain("notebooks/sssd-calibration.ipynb");
  });

  it.each(paths)("%s holds no outputs, no counts, nothing of a run or of a machine", (path) => {
    const text = readFileSync(join(root, path), "utf8");
    const { cells, metadata } = readNotebook(text, path);
    const code = cells.filter((cell) => cell.cell_type === "code");
    expect(code.filter(({ outputs }) => outputs.length > 0).map(({ id }) => id), "cells with outputs").toEqual([]);
    expect(code.filter(({ execution_count: count }) => count !== null).map(({ id }) => id), "cells with a count").toEqual([]);
    expect(metadata).not.toHaveProperty("papermill");
    expect(metadata).not.toHaveProperty("widgets");
    expect(cells.flatMap(({ metadata: { papermill, execution } }) => [papermill, execution]).filter((record) => record !== undefined)).toEqual([]);
    expect(findLeaks(text)).toEqual([]);
  });
});
