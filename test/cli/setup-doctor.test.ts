import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { satisfies } from "../../cli/commands/doctor.ts";
import { planFor } from "../../lib/backend/setup/pins.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "potstill-cli-test-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

function potstill(args: readonly string[], env: Record<string, string> = {}) {
  const main = `const { main } = await import(${JSON.stringify(join(root, "dist", "cli", "main.js"))}); await main(process.argv.slice(1));`;
  return spawnSync(process.execPath, ["--input-type=module", "-e", main, ...args], { encoding: "utf8", env: { ...process.env, ...env } });
}

describe("potstill setup", () => {
  it("is instant and needs nothing when the runtime is there", () => {
    const { stdout, stderr, status } = potstill(["setup"], { PATH: "/nonexistent" });
    expect(stderr).toBe("");
    expect(stdout).toMatch(/^TensorFlow 2\.21\.0 \(cpu\) is already there: /);
    expect(status).toBe(0);
  });

  it("refuses an unknown device as wrong usage", () => {
    const { stderr, status } = potstill(["setup", "--device", "tpu"]);
    expect(stderr).toContain("cpu, cuda");
    expect(status).toBe(2);
  });

  it("refuses a forged wheel by its SHA-256 and leaves nothing that a later run would take for a runtime", () => {
    const [index, cache] = [join(folder, "index"), join(folder, "cache")];
    const [{ file, sha256 }] = planFor("cpu").wheels;
    mkdirSync(index);
    const forge = `import sys, zipfile; z = zipfile.ZipFile(sys.argv[1], "w"); i = "tensorflow_cpu-2.21.0.dist-info/"
z.writestr(i + "METADATA", "Metadata-Version: 2.1\\nName: tensorflow-cpu\\nVersion: 2.21.0\\n"); z.writestr(i + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\n"); z.writestr(i + "RECORD", ""); z.close()`;
    expect(spawnSync("python3", ["-c", forge, join(index, file)]).status).toBe(0);
    const { stderr, status } = potstill(["setup"], { POTSTILL_CACHE: cache, PIP_NO_INDEX: "1", PIP_FIND_LINKS: index, PIP_CONFIG_FILE: "/dev/null", PIP_EXTRA_INDEX_URL: "" });
    expect(status).toBe(1);
    expect(stderr).toContain(join(cache, "downloads", file));
    expect(stderr).toContain(`expected ${sha256}`);
    expect(existsSync(join(cache, "tensorflow"))).toBe(false);
    expect(existsSync(join(cache, "bindings"))).toBe(false);
  });

  it("names the package to install where there is no compiler, before anything is downloaded", () => {
    const { stderr, status } = potstill(["setup"], { POTSTILL_CACHE: join(folder, "none"), PATH: "/nonexistent" });
    expect(stderr).toContain("apt-get install g++");
    expect(status).toBe(1);
  });
});

describe("potstill doctor", () => {
  interface Report { healthy: boolean; checks: { name: string; state: string; detail: string; remedy?: string }[] }
  const byName = (report: Report) => Object.fromEntries(report.checks.map((check) => [check.name, check]));

  it("finds everything that these tests run on", () => {
    const { stdout, status } = potstill(["doctor", "--json"]);
    const report = JSON.parse(stdout) as Report;
    const checks = byName(report);
    for (const name of ["Node.js", "npm packages", "sharp", "zeromq", "TensorFlow runtime", "disk space"]) expect(checks[name]).toMatchObject({ state: "ok" });
    expect(checks["TensorFlow runtime"].detail).toContain("2.21.0");
    expect(report.healthy).toBe(true);
    expect(status).toBe(0);
  });

  it("says what is missing and how to mend it, and exits with 1", () => {
    const { stdout, status } = potstill(["doctor"], { POTSTILL_CACHE: join(folder, "empty"), PATH: "/nonexistent", POTSTILL_BINDING: "" });
    expect(status).toBe(1);
    for (const [name, remedy] of [["TensorFlow runtime", "npx potstill setup"], ["Python", "apt-get install python3"], ["C++ compiler", "apt-get install g++"]]) {
      expect(stdout).toMatch(new RegExp(`MISSING +${name.replaceAll("+", "\\+")} .*\\n +→ ${remedy.replaceAll("+", "\\+")}`));
    }
    expect(stdout).toContain("Something required is missing");
  });

  it("notices a runtime that is there but does not load", () => {
    const [runtimes, bindings] = ["tensorflow", "bindings"].map((name) => join(folder, "broken", name));
    const report = () => JSON.parse(potstill(["doctor", "--json"], { POTSTILL_CACHE: join(folder, "broken") }).stdout) as Report;
    expect(byName(report())["TensorFlow runtime"].detail).toContain("none in");
    const list = potstill(["setup"]).stdout.trim().split("/").at(-1)!;
    mkdirSync(join(runtimes, list), { recursive: true });
    const script = `import("${join(root, "dist/lib/backend/setup/folders.js")}").then(async ({ bindingFolder }) => console.log(bindingFolder("", (await import("${join(root, "dist/lib/backend/setup/pins.js")}")).planFor("cpu"))))`;
    const name = spawnSync(process.execPath, ["-e", script], { encoding: "utf8" }).stdout.trim().split("/").at(-1)!;
    mkdirSync(join(bindings, name), { recursive: true });
    writeFileSync(join(bindings, name, "tfjs_binding.node"), "not a library");
    const { state, detail, remedy } = byName(report())["TensorFlow runtime"];
    expect(state).toBe("missing");
    expect(detail).toContain("loading the TensorFlow runtime failed");
    expect(remedy).toBe("potstill setup --force --device cpu");
  });

  it("knows which Node versions are supported", () => {
    const range = "^20.19.0 || ^22.12.0 || ^24.0.0";
    expect(["20.19.0", "20.20.2", "22.12.0", "24.0.0", "24.11.1"].every((version) => satisfies(version, range))).toBe(true);
    expect(["18.20.0", "20.18.9", "21.0.0", "22.11.0", "23.5.0", "25.0.0"].some((version) => satisfies(version, range))).toBe(false);
  });
});
