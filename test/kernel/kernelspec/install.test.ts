import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { installKernelSpec, kernelFolder, uninstallKernelSpec } from "../../../kernel/kernelspec/index.ts";

let root: string;
beforeEach(() => { root = mkdtempSync(join(tmpdir(), "potstill-kernelspec-")); });
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe("installKernelSpec", () => {
  it("writes a kernelspec whose command starts this kernel, and replaces an older one", () => {
    const folder = kernelFolder({ kind: "prefix", path: root });
    expect(folder).toBe(join(root, "share", "jupyter", "kernels", "potstill"));
    installKernelSpec(folder);
    writeFileSync(join(folder, "stale"), "");
    installKernelSpec(folder);
    const spec = JSON.parse(readFileSync(join(folder, "kernel.json"), "utf8")) as { argv: string[] };
    expect(spec).toMatchObject({ display_name: "TypeScript (Potstill)", language: "typescript", interrupt_mode: "message", kernel_protocol_version: "5.5", metadata: { debugger: true, supported_encryption: ["curve"] } });
    expect(spec.argv.slice(-2)).toEqual(["--connection-file", "{connection_file}"]);
    expect(spec.argv.filter((word) => word.startsWith("/")).every((path) => existsSync(path))).toBe(true);
    expect(readdirSync(folder).sort()).toEqual(["kernel.json", "logo-svg.svg"]);
    expect(readdirSync(join(root, "share", "jupyter", "kernels"))).toEqual(["potstill"]);
  });

  it("names the folder and the remedy when it cannot write, and leaves nothing", () => {
    writeFileSync(join(root, "share"), "a file");
    expect(() => installKernelSpec(kernelFolder({ kind: "prefix", path: root }))).toThrow(/was not installed in .*potstill: .*--prefix DIR/);
    expect(readdirSync(root)).toEqual(["share"]);
  });
});

describe.skipIf(process.platform !== "linux")("installKernelSpec in a folder that takes no new ones", () => {
  it("says so at once", () => {
    expect(() => installKernelSpec("/proc/potstill/kernels/potstill")).toThrow(/was not installed in .*no folder can be made in \/proc .*--prefix DIR/);
  });
});

describe("uninstallKernelSpec", () => {
  it("removes the folder and refuses one that holds no kernelspec", () => {
    const folder = installKernelSpec(kernelFolder({ kind: "prefix", path: root }));
    uninstallKernelSpec(folder);
    expect(existsSync(folder)).toBe(false);
    mkdirSync(folder);
    writeFileSync(join(folder, "precious"), "");
    expect(() => uninstallKernelSpec(folder)).toThrow("No kernel is installed in");
    expect(existsSync(join(folder, "precious"))).toBe(true);
  });
});

describe("kernelFolder", () => {
  it("follows Jupyter's variables", () => {
    expect(kernelFolder({ kind: "user" }, { JUPYTER_DATA_DIR: "/data" })).toBe("/data/kernels/potstill");
    expect(kernelFolder({ kind: "sys-prefix" }, { VIRTUAL_ENV: "/venv" })).toBe("/venv/share/jupyter/kernels/potstill");
    expect(() => kernelFolder({ kind: "sys-prefix" }, { PATH: root })).toThrow("no Python was found");
  });
});

describe("potstill kernel", () => {
  const potstill = (...args: string[]) => spawnSync(process.execPath, [join(import.meta.dirname, "../../../cli/potstill.mjs"), "kernel", ...args], { encoding: "utf8", env: { ...process.env, JUPYTER_PATH: join(root, "share", "jupyter"), JUPYTER_DATA_DIR: join(root, "user") } });

  it("installs, lists and uninstalls", () => {
    expect(potstill("install", "--prefix", root)).toMatchObject({ status: 0, stdout: expect.stringContaining(`in ${root}/share/jupyter/kernels/potstill`) as string });
    expect(potstill("list").stdout).toMatch(new RegExp(`^potstill +${root}`, "m"));
    expect(potstill("uninstall")).toMatchObject({ status: 0 });
    expect(potstill("uninstall", "--prefix", root)).toMatchObject({ status: 1, stderr: expect.stringContaining("No kernel is installed in") as string });
  });

  it("installs variants side by side, each with its settings", () => {
    potstill("install", "--prefix", root);
    expect(potstill("install", "--prefix", root, "--name", "ts-warn", "--typecheck", "warn", "--tsx")).toMatchObject({ status: 0, stdout: expect.stringContaining('"ts-warn" in') as string });
    potstill("install", "--prefix", root, "--name", "ts-off", "--display-name", "Unchecked", "--typecheck", "off");
    const spec = (name: string): unknown => JSON.parse(readFileSync(join(root, "share", "jupyter", "kernels", name, "kernel.json"), "utf8"));
    expect(spec("potstill")).not.toHaveProperty("env");
    expect(spec("ts-warn")).toMatchObject({ display_name: "TypeScript (Potstill: ts-warn)", env: { POTSTILL_TYPECHECK: "warn", POTSTILL_TSX: "on" } });
    expect(spec("ts-off")).toMatchObject({ display_name: "Unchecked", env: { POTSTILL_TYPECHECK: "off" } });
    expect(potstill("uninstall", "--name", "ts-warn")).toMatchObject({ status: 0 });
    expect(readdirSync(join(root, "share", "jupyter", "kernels")).sort()).toEqual(["potstill", "ts-off"]);
  });

  it("exits with 2 on wrong usage", () => {
    expect(potstill("install", "--typecheck", "strict")).toMatchObject({ status: 2, stderr: expect.stringContaining("error, warn, off") as string });
    expect(potstill("install", "--name", "../x")).toMatchObject({ status: 2, stderr: expect.stringContaining("letters, digits, dots, hyphens and underscores") as string });
    expect(potstill("install", "--user", "--prefix", root)).toMatchObject({ status: 2, stderr: expect.stringContaining("exclude each other") as string });
    expect(potstill("start", "--connection-file", join(root, "none.json"))).toMatchObject({ status: 2, stderr: expect.stringContaining("does not exist") as string });
    expect(potstill("instal").status).toBe(2);
  });
});
