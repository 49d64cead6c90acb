import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installKernelSpec, kernelFolder } from "../../kernel/kernelspec/index.ts";
import { jupyterPython } from "../python.ts";

const python = jupyterPython(["jupyter_console", "pexpect"]);

describe.skipIf(python === undefined)("jupyter console", { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "potstill-console-"));
  let steps: Record<string, string | number>;
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeAll(() => {
    mkdirSync(join(folder, "home"));
    installKernelSpec(kernelFolder({ kind: "prefix", path: folder }));
    const at = (name: string) => join(folder, name);
    const env = { ...process.env, HOME: at("home"), IPYTHONDIR: at("ipython"), JUPYTER_CONFIG_DIR: at("config"), JUPYTER_DATA_DIR: at("data"), JUPYTER_RUNTIME_DIR: at("runtime"), JUPYTER_PATH: join(folder, "share", "jupyter"), TERM: "dumb" };
    const { stdout, stderr } = spawnSync(python!, [join(import.meta.dirname, "jupyter-console.py")], { env, encoding: "utf8", cwd: folder, timeout: 280_000 });
    if (!stdout.startsWith("{")) throw new Error(stderr);
    steps = JSON.parse(stdout) as typeof steps;
  }, 290_000);

  it("greets with the kernel's banner", () => { expect(steps.banner).toMatch(/Potstill [\d.]+: TypeScript [\d.]+ on Node\.js v/); });
  it("shows results", () => { expect(steps.result).toContain("[ 1, 4, 9 ]"); });
  it("answers questions", () => { expect(steps.input).toContain("'ADA'"); });
  it("shows type errors", () => { expect(steps["type error"]).toContain("TS2322: Type 'string' is not assignable to type 'number'."); });
  it("interrupts with Ctrl-C and goes on", () => { expect([steps.interrupted, steps.alive]).toEqual(["InterruptedError", expect.stringContaining("42")]); });
  it("ends with Ctrl-D", () => { expect(steps.exit).toBe(0); });
});
