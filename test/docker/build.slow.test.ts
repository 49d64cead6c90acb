import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

function unavailable(): string | undefined {
  if (process.getuid?.() !== 0) return "needs root (chroot)";
  const lacking = ["buildah", "debootstrap"].filter((name) => spawnSync(name, ["--version"]).error !== undefined);
  return lacking.length > 0 ? `apt-get install ${lacking.join(" ")}` : undefined;
}

const reason = unavailable();
if (reason !== undefined) console.warn(`SKIPPED: the image cannot be built here: ${reason}`);

/** Every step of the Dockerfile in a clean Debian, then both uses of the image: a notebook run and JupyterLab. */
describe.skipIf(reason !== undefined)("image", () => {
  it("builds from a bare Debian with Node and does what it is for", () => {
    const { status, stdout, stderr } = spawnSync("bash", [join(import.meta.dirname, "build.sh")], { encoding: "utf8", maxBuffer: 1e9 });
    expect(stdout.slice(-2000) + stderr.slice(-2000)).toContain("image built and run");
    expect(status).toBe(0);
  }, 3_600_000);
});
