import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { codeIdentity, type CheckedOutCode, type PackagedCode } from "../../../lib/provenance/code.ts";
import { checkout, git, temporary, write } from "./folders.ts";

const folder = temporary();
const manifest = { "package.json": JSON.stringify({ name: "thing", version: "1.2.3" }) };
const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex");
const ofGit = async (path: string, options = {}) => {
  const found = await codeIdentity(path, options);
  expect(found.source).toBe("git");
  return found as CheckedOutCode;
};
const ofPackage = async (path: string) => {
  const found = await codeIdentity(path);
  expect(found.source).toBe("package");
  return found as PackagedCode;
};

describe("the identity of checked-out code", () => {
  it("is the commit, and that nothing is changed", async () => {
    const path = checkout(join(folder, "clean"), { ...manifest, "a.ts": "1\n" });
    expect(await codeIdentity(path)).toEqual({ source: "git", commit: git(path, "rev-parse", "HEAD").trim(), changed: false, patch: "", leftOut: [], untracked: [], package: { name: "thing", version: "1.2.3" } });
  });

  it("holds every change as a patch that makes the same files of the commit, staged or not, whatever a person's git shows", async () => {
    const path = checkout(join(folder, "changed"), { ...manifest, "a.ts": "one\ntwo\n", "gone.ts": "x\n", "sub/ü b.ts": "diff --git a/a b/a\n", "to.ts": "no newline" });
    git(path, "config", "diff.noprefix", "true");
    git(path, "config", "color.ui", "always");
    git(path, "config", "diff.external", "false");
    const now = { "a.ts": "one\n2\n", "sub/ü b.ts": "Binary files a and b differ\n", "to.ts": "no newline yet", "new.ts": "diff --git a/x b/x\n" };
    write(path, now);
    rmSync(join(path, "gone.ts"));
    git(path, "add", "new.ts", "a.ts");
    const { changed, patch, leftOut, commit } = await ofGit(path);
    expect([changed, leftOut]).toEqual([true, []]);
    const copy = join(folder, "copy");
    git(folder, "clone", "-q", path, copy);
    git(copy, "checkout", "-q", commit);
    writeFileSync(join(folder, "code.patch"), patch);
    git(copy, "apply", join(folder, "code.patch"));
    for (const [name, content] of Object.entries(now)) expect(readFileSync(join(copy, name), "utf8")).toBe(content);
    expect(() => readFileSync(join(copy, "gone.ts"))).toThrow(/ENOENT/);
  });

  it("names what the patch leaves out, with hashes: binary files, other encodings, what is too long, what holds a secret", async () => {
    const path = checkout(join(folder, "left"), { ...manifest, "a.bin": Buffer.from([0, 1, 2]), "latin.ts": Buffer.from("é\n", "latin1"), "long.ts": "\n", "key.ts": "\n", "fine.ts": "\n" });
    const binary = Buffer.from([0, 1, 3]), long = "0123456789\n".repeat(500);
    write(path, { "a.bin": binary, "latin.ts": Buffer.from("è\n", "latin1"), "long.ts": long, "key.ts": "const k = 'hunter2hunter2'\n", "fine.ts": "fine\n" });
    const { patch, leftOut, changed } = await ofGit(path, { limitBytes: 1000, secrets: { HUB_TOKEN: "hunter2hunter2" } });
    expect(changed).toBe(true);
    expect(leftOut).toEqual([
      { path: "a.bin", why: "binary", sha256: sha256(binary) },
      { path: "key.ts", why: "holds the value of the environment's HUB_TOKEN", sha256: sha256("const k = 'hunter2hunter2'\n") },
      { path: "latin.ts", why: "not UTF-8", sha256: sha256(Buffer.from("è\n", "latin1")) },
      { path: "long.ts", why: "the patch would be too long", sha256: sha256(long) },
    ]);
    expect(patch).toContain("+fine");
    expect(patch).not.toMatch(/hunter2|0123456789/);
  });

  it("lists files that git neither keeps nor ignores, links by where they lead", async () => {
    const path = checkout(join(folder, "untracked"), { ...manifest, ".gitignore": "runs/\n" });
    write(path, { "mine.ts": "mine", "runs/big.bin": "x" });
    symlinkSync("/nowhere", join(path, "link"));
    const { untracked, changed } = await ofGit(path);
    expect(changed).toBe(false);
    expect(untracked).toEqual([{ path: "link", bytes: 8, sha256: sha256("/nowhere") }, { path: "mine.ts", bytes: 4, sha256: sha256("mine") }]);
  });

  it("speaks of its own folder alone, below a bigger checkout", async () => {
    const path = checkout(join(folder, "mono"), { "packages/thing/package.json": manifest["package.json"], "packages/thing/a.ts": "1\n", "other.ts": "1\n" });
    write(path, { "packages/thing/a.ts": "2\n", "other.ts": "2\n", "new.ts": "" });
    const { patch, untracked } = await ofGit(join(path, "packages", "thing"));
    expect(patch).toMatch(/^diff --git a\/a\.ts b\/a\.ts/);
    expect(patch).not.toContain("other");
    expect(untracked).toEqual([]);
  });

  it("is not led astray by git's own variables", async () => {
    const [path, other] = ["led", "astray"].map((name) => checkout(join(folder, name), { ...manifest, "a.ts": name }));
    process.env.GIT_DIR = join(other, ".git");
    try {
      expect((await ofGit(path)).commit).not.toBe(process.env.GIT_DIR && git(other, "--git-dir", join(other, ".git"), "rev-parse", "HEAD").trim());
    } finally {
      delete process.env.GIT_DIR;
    }
  });
});

describe("the identity of code without git", () => {
  it("is a hash of its files that says why there is no commit, also below somebody else's checkout", async () => {
    const user = checkout(join(folder, "user"), { ".gitignore": "node_modules/\n", "main.ts": "" });
    const inside = join(user, "node_modules", "thing"), outside = join(folder, "plain");
    for (const path of [inside, outside]) write(path, { ...manifest, "dist/a.js": "1", "node_modules/dep/index.js": "x", "runs/r.json": "{}" });
    const [below, alone] = [await ofPackage(inside), await ofPackage(outside)];
    expect(below.why).toMatch(/keeps no file of this folder: it is below another project's checkout/);
    expect(alone.why).toMatch(/^git: not a git repository/);
    expect([below.sha256, below.files]).toEqual([alone.sha256, 2]);
    write(outside, { "dist/a.js": "2" });
    expect((await ofPackage(outside)).sha256).not.toBe(alone.sha256);
  });

  it("says that nothing is committed yet, or that there is no git", async () => {
    const path = join(folder, "fresh");
    mkdirSync(path);
    git(path, "init", "-q");
    expect((await ofPackage(path)).why).toBe("git: nothing is committed yet");
    const before = process.env.PATH;
    process.env.PATH = "/nonexistent";
    try {
      expect((await ofPackage(path)).why).toBe("there is no git here");
    } finally {
      process.env.PATH = before;
    }
  });
});
