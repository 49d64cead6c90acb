import { spawn, spawnSync } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alive } from "../../alive.ts";
import { testPython } from "../../python.ts";
import { environment, installIpykernel, notebookText, outputsOf, readFile, statuses, streamText, temporaryFolder, writeNotebookFile } from "./helpers.ts";

const python = testPython(["ipykernel"]);
const folder = temporaryFolder();
const env = environment(folder.path);
const launcher = join(import.meta.dirname, "..", "..", "..", "cli", "potstill.mjs");
const at = (name: string): string => join(folder.path, name);

beforeAll(() => {
  if (python !== undefined) installIpykernel(folder.path, python);
  writeNotebookFile(folder.path, "in.ipynb", [{ code: "lr = 0.1  # learning rate", tags: ["parameters"] }, { code: "import sys\nprint('out', lr); print('err', file=sys.stderr)" }]);
  writeNotebookFile(folder.path, "bad.ipynb", [{ code: "1/0" }, { code: "2" }]);
  writeNotebookFile(folder.path, "endless.ipynb", [{ code: "import os\nprint('begun', os.getpid(), flush=True)\nimport time\nwhile True: time.sleep(0.01)" }, { code: "2" }]);
});
afterAll(folder.remove);

function potstill(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  // With standard input from a file rather than a pipe, as in a terminal, paths are not taken from pipes.
  return spawnSync(process.execPath, [launcher, "run", ...args], { cwd: folder.path, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

async function until(condition: () => boolean, child: ChildProcess): Promise<void> {
  for (const end = performance.now() + 30_000; !condition(); ) {
    if (performance.now() > end || child.exitCode !== null) throw new Error(`waited in vain (exit code ${child.exitCode})`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe.skipIf(python === undefined)("potstill run", () => {
  it("takes papermill's parameters, files for streams, path templates and a report", () => {
    const { status, stderr } = potstill("-p", "lr", "-1.5", "in.ipynb", "out_{lr:.1f}.ipynb", "--html", "--stdout-file", "o.txt", "--stderr-file", "e.txt", "--no-progress-bar");
    expect([status, stderr]).toEqual([0, expect.stringContaining("Output Notebook: out_-1.5.ipynb")]);
    expect(streamText(readFile(at("out_-1.5.ipynb")).cells[2])).toBe("out -1.5\nerr\n");
    expect([readFileSync(at("o.txt"), "utf8"), readFileSync(at("e.txt"), "utf8")]).toEqual(["out -1.5\n", "err\n"]);
    expect(readFileSync(at("out_-1.5.html"), "utf8")).toContain("<code>lr</code>");
    expect(readFileSync(at("out_-1.5.html"), "utf8")).not.toContain(folder.path);
  });

  it("goes through pipes, quietly", () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, "run"], { cwd: folder.path, env, encoding: "utf8", input: notebookText([{ code: "print(6 * 7)" }]) });
    expect([status, stderr]).toEqual([0, expect.not.stringContaining("Notebook")]);
    expect(stdout).toContain("42");
    expect(JSON.parse(stdout)).toMatchObject({ metadata: { papermill: { input_path: "-", output_path: "-" } } });
  });

  it("exits with 1 when a cell fails, showing the traceback", () => {
    const { status, stderr } = potstill("bad.ipynb", "bad.out.ipynb");
    expect(status).toBe(1);
    expect(stderr).toContain("ZeroDivisionError: division by zero");
    expect(statuses(readFile(at("bad.out.ipynb"))).slice(-2)).toEqual(["failed", "pending"]);
  });

  it.each([
    [["in.ipynb", "x.ipynb", "-p", "lrr", "1"], 1, /Unknown parameter "lrr" \(did you mean lr\?\)/],
    [["in.ipynb", "x_{hf_token}.ipynb", "-p", "hf_token", "s3cr3t"], 1, /Parameter hf_token is named like a secret.*process\.env\.HF_TOKEN/],
    [["in.ipynb", "x.ipynb", "-y", "{hub: {apiKey: s3cr3t}}"], 1, /Parameter hub\.apiKey is named like a secret/],
    [["none.ipynb", "x.ipynb"], 1, /No notebook at none\.ipynb/],
    [["in.ipynb", "x_{nope}.ipynb"], 1, /\{nope\}, which is not given/],
    [["in.ipynb", "x.ipynb", "-p", "lr"], 2, /-p NAME VALUE/],
    [["in.ipynb", "x.ipynb", "--engine", "spark"], 2, /No engine named "spark"/],
    [["in.ipynb", "x.ipynb", "--execution-timeout", "soon"], 2, /number of seconds/],
    [["in.ipynb", "x.ipynb", "--nonsense"], 2, /unknown option/],
    [["in.ipynb", "x.ipynb", "y.ipynb"], 2, /too many arguments/i],
    [[], 2, /NOTEBOOK_PATH/],
  ])("%j exits with %i", (args, code, message) => {
    const { status, stderr } = potstill(...args);
    expect([status, stderr]).toEqual([code, expect.stringMatching(message)]);
    expect(existsSync(at("x.ipynb"))).toBe(false);
    expect(stderr).not.toContain("s3cr3t");
  });

  it("writes what is named like a secret on demand, and no folders on demand", () => {
    const { status, stderr } = potstill("-p", "api_key", "abc", "--allow-unknown-parameters", "--allow-secret-parameters", "--prepare-only", "--portable", at("in.ipynb"), at("prepared.ipynb"));
    expect([status, stderr]).toEqual([0, expect.stringContaining("Notebook prepared")]);
    const text = readFileSync(at("prepared.ipynb"), "utf8");
    expect(text).toContain('api_key = \\"abc\\"');
    expect(text).toContain('"input_path": "./in.ipynb"');
    expect(text).not.toContain(folder.path);
  });

  it("prints a notebook's parameters", () => {
    const { status, stdout } = potstill("in.ipynb", "--help-notebook");
    expect(status).toBe(0);
    expect(stdout).toMatch(/Parameters inferred for notebook 'in\.ipynb':\n {2}lr: Unknown type \(default 0\.1\)\s+learning rate/);
  });

  it.each([["SIGINT", 130], ["SIGTERM", 143]] as const)("%s interrupts the cell, leaves a valid notebook and exits with %i", async (signal, code) => {
    const child = spawn(process.execPath, [launcher, "run", "endless.ipynb", `${signal}.ipynb`, "--no-progress-bar", "--stdout-file", `${signal}.txt`], { cwd: folder.path, env, stdio: "ignore" });
    const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
    await until(() => existsSync(at(`${signal}.txt`)) && readFileSync(at(`${signal}.txt`), "utf8").includes("begun"), child);
    child.kill(signal);
    expect(await exited).toBe(code);
    const notebook = readFile(at(`${signal}.ipynb`));
    expect(statuses(notebook).slice(-2)).toEqual(["failed", "pending"]);
    expect(outputsOf(notebook.cells[2]).at(-1)).toMatchObject({ ename: "KeyboardInterrupt" });
    expect(readdirSync(at("runtime"))).toEqual([]);
  });

  it("killed at any moment, leaves a valid notebook that says where it was, and no kernel", async () => {
    const child = spawn(process.execPath, [launcher, "run", "endless.ipynb", "killed.ipynb", "--no-progress-bar", "--stdout-file", "killed.txt"], { cwd: folder.path, env, stdio: "ignore" });
    await until(() => existsSync(at("killed.txt")) && readFileSync(at("killed.txt"), "utf8").includes("begun"), child);
    await until(() => statuses(readFile(at("killed.ipynb")))[0] === "running", child); // saved a moment after the cell began
    child.kill("SIGKILL");
    expect(statuses(readFile(at("killed.ipynb")))).toEqual(["running", "pending"]);
    const kernel = Number(/begun (\d+)/.exec(readFileSync(at("killed.txt"), "utf8"))![1]);
    for (const end = performance.now() + 15_000; alive(kernel) && performance.now() < end; ) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(alive(kernel)).toBe(false); // kernels end themselves when their parent is gone
  });

  it("refuses a notebook that is broken, and writes none", () => {
    writeFileSync(at("broken.ipynb"), '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "code"}]}');
    const { status, stderr } = potstill("broken.ipynb", "x.ipynb");
    expect([status, stderr]).toEqual([1, expect.stringMatching(/broken\.ipynb is not a valid notebook: cell 1 misses the property "id"/)]);
  });
});
