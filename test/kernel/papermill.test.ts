// The Python plug-in, installed by pip as a user would, with the real papermill and the real kernel.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installKernelSpec, kernelFolder } from "../../kernel/kernelspec/index.ts";
import { testPython } from "../python.ts";

const python = testPython(["papermill", "setuptools"]);
const plugin = join(import.meta.dirname, "..", "..", "kernel", "papermill");
let root: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "potstill-papermill-"));
  if (python === undefined) return;
  installKernelSpec(kernelFolder({ kind: "prefix", path: root }));
  env = { ...process.env, PYTHONPATH: join(root, "site"), JUPYTER_PATH: join(root, "share", "jupyter") };
  // Built from a copy: setuptools writes beside its sources.
  spawnSync("cp", ["-r", plugin, join(root, "plugin")]);
  const pip = spawnSync(python, ["-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--target", join(root, "site"), join(root, "plugin")], { encoding: "utf8" });
  if (pip.status !== 0) throw new Error(pip.stderr);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Cell = { cell_type: "code"; id: string; metadata: object; source: string; outputs: { text?: string[] }[]; execution_count: number | null };

function notebook(...cells: { source: string; tags?: string[] }[]): string {
  const path = join(root, "in.ipynb");
  const code = cells.map(({ source, tags = [] }, index): Cell => ({ cell_type: "code", id: `c${index}`, metadata: { tags }, source, outputs: [], execution_count: null }));
  writeFileSync(path, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec: { name: "potstill", display_name: "TypeScript", language: "typescript" } }, cells: code }));
  return path;
}

function papermill(...args: string[]) {
  return spawnSync(python!, ["-m", "papermill", ...args], { cwd: root, encoding: "utf8", env, timeout: 120_000 });
}

const lines = (cell: Cell) => cell.outputs.flatMap(({ text }) => text ?? []).join("");
// papermill writes an infinite parameter into the metadata as Python's JSON does, which is none.
const executed = () => (JSON.parse(readFileSync(join(root, "out.ipynb"), "utf8").replace(/": Infinity\b/, '": null')) as { cells: Cell[] }).cells;
const source = (cell: Cell | undefined) => [cell?.source].flat().join("");

describe.skipIf(python === undefined)("papermill -p, which knows no TypeScript by itself", () => {
  it("passes numbers, null, lists, mappings, Infinity and big integers, and keeps keywords and annotations", () => {
    const path = notebook(
      { tags: ["parameters"], source: 'let lr = 0.1;\n// which profile\nconst profile: "smoke" | "paper" = "smoke";\nconst limit: number | null = 3, xs: number[] = [];\nlet seed: number | bigint = 1\nconst top = 1, options: Record<string, unknown> = {}, text = "";' },
      { source: "lr += 1;\nconsole.log(JSON.stringify([lr, profile, limit, xs, String(seed), typeof seed, top, options, text]))" },
    );
    writeFileSync(join(root, "p.yaml"), 'limit: null\nxs: [1, 2.5, -3]\noptions: {a: [true, null], "b c": {d: "x"}, __proto__: 1}\ntext: "say \\"hi\\"\\n é 🐍 \\\\ ${z} `"\n');
    const { status, stderr } = papermill(path, join(root, "out.ipynb"), "-f", join(root, "p.yaml"), "-p", "lr", "0.5", "-p", "profile", "paper", "-p", "seed", "9007199254740993", "-y", "top: .inf");
    expect(status, stderr).toBe(0);
    const [, injected, shown] = executed();
    expect(source(injected)).toContain('const profile: "smoke" | "paper" = "paper";');
    expect(source(injected)).toContain("let lr = 0.5;");
    expect(source(injected)).toContain("const limit: number | null = null;");
    // JSON has no Infinity: it prints as null.
    expect(JSON.parse(lines(shown))).toEqual([1.5, "paper", null, [1, 2.5, -3], "9007199254740993", "bigint", null, { a: [true, null], "b c": { d: "x" }, ["__proto__"]: 1 }, 'say "hi"\n é 🐍 \\ ${z} `']);
    expect(source(injected)).toContain("const top = Infinity;");
  });

  it("describes parameters for --help-notebook and warns of unknown ones", () => {
    const path = notebook({ tags: ["parameters"], source: "let lr = 0.1; // the rate\nconst names: Map<string, number> = new Map([['a;b', 1]]), f = (a: number, b: string) => { const inner = 1; };\nconst long = [\n  1, // one\n  2,\n];" }, { source: "lr" });
    const { stdout } = papermill(path, "--help-notebook");
    expect(stdout).toMatch(/lr: Unknown type \(default 0\.1\)\s+the rate/);
    expect(stdout).toContain("names: Map<string, number> (default new Map([['a;b', 1]]))");
    expect(stdout).not.toMatch(/^ +(inner|a|b):/m);
    expect(stdout).toContain("long: Unknown type");
    const { status, stderr } = papermill(path, join(root, "out.ipynb"), "-p", "other", "1");
    expect(status).toBe(0);
    expect(stderr).toContain("Passed unknown parameter: other");
  });

  it("refuses names that would be code", () => {
    const { status, stderr } = papermill(notebook({ source: "1" }), join(root, "out.ipynb"), "-p", "a=1;process.exit()//", "1");
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/no TypeScript variable name/);
  });

  it("fails as papermill fails when a cell throws, with the cell's number and message", () => {
    const { status, stderr } = papermill(notebook({ source: "const n = 1;" }, { source: "throw new RangeError('too far: ' + n)" }), join(root, "out.ipynb"), "-p", "n", "2");
    expect(status).toBe(1);
    expect(stderr).toMatch(/RangeError: too far/);
  });
});
