// Notebooks run by Jupyter's own headless clients, as they find the kernel: through its kernelspec.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installKernelSpec, kernelFolder } from "../../kernel/kernelspec/index.ts";
import { testPython } from "../python.ts";

type Output = { output_type: string; name?: string; text?: string | string[]; ename?: string; data?: Record<string, string | string[]> };
type Cell = { cell_type: string; source: string; execution_count?: number | null; outputs?: Output[] };

const nbclient = testPython(["nbclient", "nbformat"]);
const nbconvert = testPython(["nbconvert"]);
let root: string;
let env: NodeJS.ProcessEnv;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "potstill-clients-"));
  installKernelSpec(kernelFolder({ kind: "prefix", path: root }));
  env = { ...process.env, JUPYTER_PATH: join(root, "share", "jupyter"), POTSTILL_HISTORY: "off" };
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, ...sources: string[]): string {
  const cells = sources.map((source, index) => ({ cell_type: "code", id: `c${index}`, metadata: {}, source, outputs: [], execution_count: null }));
  const path = join(root, name);
  writeFileSync(path, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec: { name: "potstill", display_name: "TypeScript", language: "typescript" } }, cells }));
  return path;
}

const read = (path: string): Cell[] => (JSON.parse(readFileSync(path, "utf8")) as { cells: Cell[] }).cells;
const streams = ({ outputs = [] }: Cell): string => outputs.flatMap(({ text = [] }) => text).join("");
const python = (program: string, ...args: string[]) => spawnSync(nbclient!, args, { cwd: root, encoding: "utf8", env, input: program, timeout: 120_000 });

describe.skipIf(nbclient === undefined)("nbclient", () => {
  it("gets every one of 10,000 lines in its own cell, of which other kernels lose most or move them to the next", () => {
    const path = write("lines.ipynb", "for (let k = 0; k < 10000; k++) console.log(k)", 'console.log("second")');
    const { status, stderr } = python("import nbformat, nbclient, sys\nnb = nbformat.read(sys.argv[1], 4)\nnbclient.NotebookClient(nb, timeout=60).execute()\nnbformat.write(nb, sys.argv[1])", "-", path);
    expect(status, stderr).toBe(0);
    const [first, second] = read(path);
    expect(streams(first)).toBe(Array.from({ length: 10_000 }, (_, k) => `${k}\n`).join(""));
    expect(streams(second)).toBe("second\n");
    expect([first.execution_count, second.execution_count]).toEqual([1, 2]);
  });

  it("updates displays of earlier cells, and gets input refused where nobody can answer", () => {
    const path = write("displays.ipynb", 'const shown = display("before", { id: "d" })', 'shown.update("after")', "try { prompt('who?') } catch (error) { console.log((error as Error).message) }");
    const { status, stderr } = python("import nbformat, nbclient, sys\nnb = nbformat.read(sys.argv[1], 4)\nnbclient.NotebookClient(nb, timeout=60).execute()\nnbformat.write(nb, sys.argv[1])", "-", path);
    expect(status, stderr).toBe(0);
    const [first, , third] = read(path);
    expect([first.outputs![0].data!["text/plain"]].flat().join("")).toBe("'after'");
    expect(streams(third)).toMatch(/does not answer questions/);
  });

  it("stops an endless cell at its time limit by an interrupt and goes on with the next", () => {
    const path = write("endless.ipynb", "let kept = 6 * 7; await null; while (true) {}", "kept");
    const { status, stderr } = python("import nbformat, nbclient, sys\nnb = nbformat.read(sys.argv[1], 4)\nnbclient.NotebookClient(nb, timeout=5, interrupt_on_timeout=True, allow_errors=True).execute()\nnbformat.write(nb, sys.argv[1])", "-", path);
    expect(status, stderr).toBe(0);
    const [first, second] = read(path);
    expect(first.outputs!.at(-1)!.ename).toBe("InterruptedError");
    expect([second.outputs![0].data!["text/plain"]].flat().join("")).toBe("42");
  });
});

describe.skipIf(nbconvert === undefined)("nbconvert --execute", () => {
  const convert = (...args: string[]) => spawnSync(nbconvert!, ["-m", "nbconvert", ...args], { cwd: root, encoding: "utf8", env, timeout: 120_000 });

  it("makes an HTML page with results, displays and highlighted code", () => {
    const path = write("page.ipynb", "const words: string[] = ['a', 'b']; words.join('+')", "display(html`<b id=\"mine\">bold</b>`)");
    const { status, stderr } = convert("--to", "notebook", "--execute", "--inplace", path);
    expect(status, stderr).toBe(0);
    // Only now the notebook names its language, by which nbconvert chooses colours.
    expect(convert("--to", "html", path).status).toBe(0);
    const page = readFileSync(join(root, "page.html"), "utf8");
    expect(page).toContain("a+b");
    expect(page).toContain('<b id="mine">bold</b>');
    expect(page).toMatch(/<span class="kd?">const<\/span>/);
  });

  it("writes a script with the language's own ending", () => {
    const path = write("script.ipynb", "const n: number = 1");
    expect(convert("--to", "notebook", "--execute", "--inplace", path).status).toBe(0);
    expect(convert("--to", "script", path).status).toBe(0);
    expect(readFileSync(join(root, "script.ts"), "utf8")).toContain("const n: number = 1");
  });

  it("fails with the cell's traceback when a cell throws or does not type-check", () => {
    const thrown = convert("--to", "notebook", "--execute", write("thrown.ipynb", "function f(): never {\n  throw new RangeError('deep')\n}\nf()"));
    expect([thrown.status, thrown.stderr]).toEqual([1, expect.stringMatching(/Cell In\[1\], line 2[\s\S]*RangeError.*: deep/)]);
    const wrong = convert("--to", "notebook", "--execute", write("wrong.ipynb", "const n: number = 'text'"));
    expect([wrong.status, wrong.stderr]).toEqual([1, expect.stringContaining("TS2322")]);
  });
});
