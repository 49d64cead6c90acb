import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { Float, readNotebook, writeNotebook } from "../../../kernel/notebook/index.ts";
import type { Notebook } from "../../../kernel/notebook/index.ts";
import { testPython } from "../../python.ts";

const python = testPython(["nbformat"]);

const notebook: Notebook = {
  nbformat: 4,
  nbformat_minor: 5,
  metadata: { z: 1, a: { "é": "ü\u2028" } },
  cells: [
    { cell_type: "markdown", id: "m", metadata: {}, source: "# T\n\ntext" },
    {
      cell_type: "code", id: "c", metadata: { tags: ["x"] }, source: "", execution_count: 3,
      outputs: [
        { output_type: "stream", name: "stdout", text: "a\nb\n" },
        { output_type: "execute_result", execution_count: 3, metadata: {}, data: { "text/plain": "1\n2", "image/svg+xml": "<svg>\n</svg>", "image/png": "AA\nBB", "application/json": { b: [], a: {} } } },
        { output_type: "error", ename: "E", evalue: "v", traceback: ["t\n", "u"] },
      ],
    },
  ],
};

describe("writeNotebook", () => {
  it("comes back the same", () => {
    expect(readNotebook(writeNotebook(notebook))).toEqual(notebook);
  });

  it("writes numbers that JSON or JavaScript lack without loss", () => {
    const text = writeNotebook({ ...notebook, cells: [], metadata: { big: 2n ** 70n, whole: new Float(5), none: NaN, high: Infinity } });
    expect(text).toContain('"big": 1180591620717411303424');
    expect(text).toContain('"whole": 5.0');
    expect(JSON.parse(text)).toMatchObject({ metadata: { none: "NaN", high: "Infinity" } });
  });

  it.skipIf(python === undefined)("writes byte for byte what nbformat writes", () => {
    const text = writeNotebook(notebook);
    const program = "import sys, nbformat; nb = nbformat.reads(sys.stdin.read(), 4); nbformat.validate(nb); sys.stdout.write(nbformat.writes(nb))";
    const { stdout, stderr } = spawnSync(python!, ["-c", program], { input: text, encoding: "utf8", env: { ...process.env, PYTHONIOENCODING: "utf-8" } });
    expect(stderr).toBe("");
    expect(stdout).toBe(text.trimEnd());
  });
});
