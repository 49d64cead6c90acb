import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatherParameters, runNotebook } from "../../../kernel/run/index.ts";
import type { RunEvent, RunOptions, RunResult } from "../../../kernel/run/index.ts";
import { readNotebook } from "../../../kernel/notebook/index.ts";
import { testPython } from "../../python.ts";
import { environment, installIpykernel, installSpec, outputsOf, readFile, statuses, streamText, temporaryFolder, writeNotebookFile } from "./helpers.ts";
import type { CellSketch } from "./helpers.ts";

if (process.getuid?.() === 0) console.warn("SKIPPED: root may write anywhere, so a read-only folder cannot be tried");
const python = testPython(["ipykernel", "papermill", "nbformat"]);
const folder = temporaryFolder();
const env = environment(folder.path);
let counter = 0;

beforeAll(() => {
  if (python !== undefined) installIpykernel(folder.path, python);
  installSpec(folder.path, "dies", { argv: [process.execPath, "-e", "process.exit(3)"] });
});
afterAll(folder.remove);

async function run(cells: readonly CellSketch[], options: Partial<RunOptions> = {}): Promise<RunResult & { file: string }> {
  const name = `n${counter++}`;
  const output = join(folder.path, `${name}.out.ipynb`);
  const result = await runNotebook({ input: writeNotebookFile(folder.path, `${name}.ipynb`, cells), output, env, ...options });
  return { ...result, file: output };
}

/** nbformat's own verdict on a file. */
function valid(file: string): string {
  return spawnSync(python!, ["-c", "import sys, nbformat; nbformat.validate(nbformat.read(sys.argv[1], 4)); print('valid')", file], { encoding: "utf8" }).stdout.trim();
}

describe.skipIf(python === undefined)("runNotebook", () => {
  it("runs cells in order, with parameters, and reports what happens", async () => {
    const events: RunEvent[] = [];
    const { status, file, parameters } = await run([{ text: "# T" }, { code: "lr = 0.1", tags: ["parameters"] }, { code: "print(lr)" }, { code: "lr * 2" }, { code: " " }], { parameters: { lr: 0.5 }, onEvent: (event) => events.push(event) });
    const notebook = readFile(file);
    expect([status, parameters]).toEqual(["completed", { lr: 0.5 }]);
    expect(statuses(notebook)).toEqual(Array(6).fill("completed"));
    expect(streamText(notebook.cells[3])).toBe("0.5\n");
    expect(outputsOf(notebook.cells[4])).toMatchObject([{ output_type: "execute_result", data: { "text/plain": "1.0" }, execution_count: 4 }]);
    expect(notebook.metadata.language_info?.name).toBe("python");
    expect(valid(file)).toBe("valid");
    expect(events.map(({ type }) => type).filter((type) => type !== "output")).toEqual(["start", ...Array<string[]>(6).fill(["cell-start", "cell-end"]).flat(), "end"]);
  });

  it("stops at a cell that throws: error marked, later cells pending, valid file", async () => {
    const { status, error, file } = await run([{ code: "a = 1" }, { code: "print('before')\nraise ValueError('boom')" }, { code: "print('never')" }]);
    const notebook = readFile(file);
    expect(status).toBe("failed");
    expect(error).toMatchObject({ cellIndex: 1, executionCount: 2, name: "ValueError", value: "boom" });
    expect(statuses(notebook)).toEqual([undefined, "completed", undefined, "failed", "pending"]);
    expect(notebook.cells[0]?.source).toContain("In [2]");
    expect(notebook.cells[2]?.source).toContain('id="papermill-error-cell"');
    expect(notebook.metadata.papermill).toMatchObject({ exception: true });
    expect(valid(file)).toBe("valid");
  });

  it("goes on after errors that are expected, and ends without error at sys.exit(0)", async () => {
    const expected = await run([{ code: "1/0", tags: ["raises-exception"] }, { code: "print('on')" }]);
    expect([expected.status, streamText(expected.notebook.cells[1])]).toEqual(["completed", "on\n"]);
    const left = await run([{ code: "import sys; sys.exit(0)" }, { code: "print('never')" }]);
    expect([left.status, left.error, statuses(left.notebook)[1]]).toEqual(["completed", undefined, "pending"]);
  });

  it("records a killed kernel as that", async () => {
    const { status, error, file } = await run([{ code: "print('alive', flush=True)" }, { code: "import os, signal; print('last words', flush=True); os.kill(os.getpid(), signal.SIGKILL)" }, { code: "1" }]);
    const notebook = readFile(file);
    expect([status, error?.name]).toEqual(["failed", "DeadKernelError"]);
    expect(error?.value).toMatch(/ended by SIGKILL/);
    expect(statuses(notebook).slice(-2)).toEqual(["failed", "pending"]);
    expect(outputsOf(notebook.cells[3]).at(-1)).toMatchObject({ output_type: "error", ename: "DeadKernelError" });
    expect(valid(file)).toBe("valid");
  });

  it("records the exit code of a kernel that leaves", async () => {
    const { error } = await run([{ code: "import os; os._exit(7)" }]);
    expect(error?.value).toMatch(/exited with code 7/);
  });

  it("records a timeout as that, interrupts the cell and keeps its outputs", async () => {
    const code = "print('begun', flush=True)\nimport time\ntry:\n    while True: time.sleep(0.01)\nexcept KeyboardInterrupt: print('interrupted', flush=True)";
    const { status, error, file } = await run([{ code }, { code: "1" }], { executionTimeout: 1 });
    expect([status, error?.name, error?.value]).toEqual(["failed", "CellTimeoutError", "The cell did not finish within 1 s."]);
    const notebook = readFile(file);
    expect(statuses(notebook).slice(-2)).toEqual(["failed", "pending"]);
    expect(streamText(notebook.cells[2])).toBe("begun\ninterrupted\n");
  });

  it("interrupts the cell when the signal aborts, records it and leaves a valid file", async () => {
    const controller = new AbortController();
    const onEvent = (event: RunEvent): void => { if (event.type === "output") controller.abort(); };
    const { status, error, file } = await run([{ code: "print('begun', flush=True)\nimport time\nwhile True: time.sleep(0.01)" }, { code: "1" }], { signal: controller.signal, onEvent });
    expect([status, error?.name]).toEqual(["interrupted", "KeyboardInterrupt"]);
    expect(statuses(readFile(file)).slice(-2)).toEqual(["failed", "pending"]);
    expect(valid(file)).toBe("valid");
  });

  it("answers a wish for input with an error", async () => {
    const { error } = await run([{ code: "input('name? ')" }]);
    expect(error?.name).toBe("StdinNotImplementedError");
  });

  it("updates displays of earlier cells, and puts late output where it belongs", async () => {
    const { notebook } = await run([{ code: "h = display('one', display_id=True)" }, { code: "h.update('two')" }]);
    expect(outputsOf(notebook.cells[0])).toMatchObject([{ data: { "text/plain": "'two'" } }]);
    expect(outputsOf(notebook.cells[1])).toEqual([]);
  });

  it("saves statuses as it goes: the file on disk says running while a cell runs", async () => {
    const output = join(folder.path, "live.ipynb");
    const input = writeNotebookFile(folder.path, "live-in.ipynb", [{ code: "1" }, { code: `print(open(${JSON.stringify(output)}).read())\nimport time; time.sleep(0.5)\nprint('-----')\nprint(open(${JSON.stringify(output)}).read())` }]);
    const { notebook } = await runNotebook({ input, output, env });
    const [, later] = streamText(notebook.cells[1]).split("-----\n");
    expect(statuses(readNotebook(later))).toEqual(["completed", "running"]);
  });

  it("prepares only, or hides the code, when asked", async () => {
    const { status, notebook } = await run([{ code: "lr = 1", tags: ["parameters"] }, { code: "1/0" }], { prepareOnly: true, parameters: { lr: 2 }, reportMode: true });
    expect([status, notebook.cells.length, outputsOf(notebook.cells[2])]).toEqual(["prepared", 3, []]);
    expect(notebook.cells.map(({ metadata }) => metadata.jupyter)).toEqual(Array(3).fill({ source_hidden: true }));
  });

  it("runs in the asked folder, and many cells each with its own output", async () => {
    mkdirSync(join(folder.path, "work"), { recursive: true });
    const cells = Array.from({ length: 200 }, (_, index) => ({ code: `x = ${index}; x` }));
    const { notebook } = await run([{ code: "import os; print(os.path.basename(os.getcwd()))" }, ...cells], { cwd: join(folder.path, "work") });
    expect(streamText(notebook.cells[0])).toBe("work\n");
    const texts = notebook.cells.slice(1).map((cell) => outputsOf(cell).map((output) => ("data" in output ? output.data["text/plain"] : output.output_type)));
    expect(texts).toEqual(cells.map((_, index) => [String(index)]));
  });
});

describe("what keeps a run from taking place", () => {
  const attempt = async (options: Partial<RunOptions>, cells: readonly CellSketch[] = [{ code: "1" }], kernel = "dies"): Promise<RunResult> => {
    const input = writeNotebookFile(folder.path, `bad${counter++}.ipynb`, cells, kernel);
    return runNotebook({ input, output: join(folder.path, "bad.out.ipynb"), env, ...options });
  };

  it("is told for each cause", async () => {
    writeFileSync(join(folder.path, "broken.ipynb"), '{"cells": [');
    await expect(attempt({ input: join(folder.path, "none.ipynb") })).rejects.toThrow(/No notebook at .*none\.ipynb/);
    await expect(attempt({ input: join(folder.path, "broken.ipynb") })).rejects.toThrow(/broken\.ipynb is not JSON/);
    await expect(attempt({ input: "s3://bucket/x.ipynb" })).rejects.toThrow(/local notebooks/);
    await expect(attempt({ kernelName: "nowhere" })).rejects.toThrow(/No kernel named "nowhere".*Installed: /);
    await expect(attempt({ parameters: { a: 1 } })).rejects.toThrow(/no cell tagged "parameters"/);
    await expect(attempt({ parameters: { a: () => 1 } })).rejects.toThrow(/Parameter a is of type function/);
    await expect(attempt({ input: "-", html: true, output: "-" })).rejects.toThrow(/--html FILE/);
    expect(existsSync(join(folder.path, "bad.out.ipynb"))).toBe(false);
  });

  it("leaves a file that does not look like a finished run when the kernel cannot start", async () => {
    await expect(attempt({})).rejects.toThrow(/could not start: its process exited with code 3/);
    const notebook = readFile(join(folder.path, "bad.out.ipynb"));
    expect(notebook.metadata.papermill).toMatchObject({ exception: true });
    expect(statuses(notebook)).toEqual(["pending"]);
  });

  it("is an interrupted run when the signal aborts while the kernel starts", async () => {
    installSpec(folder.path, "mute", { argv: [process.execPath, "-e", "setInterval(() => {}, 1000)"] });
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error("enough")), 300);
    const { status, notebook } = await attempt({ signal: controller.signal }, [{ code: "1" }], "mute");
    expect([status, statuses(notebook), notebook.metadata.papermill]).toMatchObject(["interrupted", ["pending"], { exception: true }]);
  });

  it.skipIf(!existsSync("/dev/full"))("finds a full disk before anything runs", async () => {
    await expect(attempt({ output: "/dev/full" })).rejects.toThrow(/Cannot write \/dev\/full: .*disk is full/);
  });

  it.skipIf(process.getuid?.() === 0)("finds a folder that may not be written", async () => {
    mkdirSync(join(folder.path, "locked"));
    chmodSync(join(folder.path, "locked"), 0o500);
    await expect(attempt({ output: join(folder.path, "locked", "x.ipynb") })).rejects.toThrow(/cannot be written/);
    expect(readdirSync(join(folder.path, "locked"))).toEqual([]);
  });

  it("finds a folder that does not exist", async () => {
    await expect(attempt({ output: join(folder.path, "nowhere", "x.ipynb") })).rejects.toThrow(/folder does not exist/);
  });
});

describe.skipIf(python === undefined)("beside papermill", () => {
  /** Times and ids, which differ from run to run, replaced by their kind. */
  function normalised(file: string): unknown {
    return JSON.parse(readFileSync(file, "utf8"), (key: string, value: unknown) => {
      if (key === "id" && typeof value === "string" && /^[0-9a-f]{8}$/.test(value)) return "ID";
      if (key === "duration" && typeof value === "number") return "SECONDS";
      if (typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(Z|\+00:00)$/.test(value)) return `TIME${value.slice(26)}`;
      return value;
    });
  }

  function papermill(input: string, output: string, args: readonly string[]): number | null {
    return spawnSync(python!, ["-m", "papermill", input, output, "--no-progress-bar", ...args], { cwd: folder.path, env, encoding: "utf8" }).status;
  }

  it.each<[string, CellSketch[]]>([
    ["a run that completes", [
      { text: "# T" }, { code: "lr = 0.1\nxs = None\nname = ''", tags: ["parameters"] }, { code: "print(lr, xs, name)" }, { code: "lr" }, { code: "" },
      { code: "import sys\nh = display('a', display_id=True); print('e', file=sys.stderr)" }, { code: "h.update('b')" },
    ]],
    ["a run that fails", [{ code: "lr = 0.1; xs = name = 1", tags: ["parameters"] }, { text: "x" }, { code: "raise KeyError('k')" }, { code: "2" }, { text: "y" }]],
  ])("%s: the same file, but for times and ids", async (name, cells) => {
    const stem = name.replaceAll(" ", "-");
    writeNotebookFile(folder.path, `${stem}.ipynb`, cells);
    const [input, output] = [join(folder.path, `${stem}.ipynb`), join(folder.path, `${stem}.out.ipynb`)];
    const theirs = papermill(input, output, ["-p", "lr", "5.0", "-y", "xs: [1, {a: 2.5}]", "-r", "name", "7"]);
    const expected = normalised(output);
    const parameters = gatherParameters({ typed: [["lr", "5.0"]], yaml: ["xs: [1, {a: 2.5}]"], raw: [["name", "7"]] });
    const result = await runNotebook({ input, output, env, parameters, allowUnknownParameters: true });
    expect(normalised(output)).toEqual(expected);
    expect(result.status === "completed" ? 0 : 1).toBe(theirs);
  });
});
