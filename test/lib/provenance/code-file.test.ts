import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { CodeIdentity } from "../../../lib/provenance/code.ts";
import { readCodeFile, writeCodeFile } from "../../../lib/provenance/code-file.ts";
import { temporary } from "./folders.ts";

const folder = temporary();
const code = (commit: string, patch = ""): CodeIdentity => ({ source: "git", commit: commit.repeat(40), changed: patch !== "", patch, leftOut: [], untracked: [] });
const sitting = (started: string, own: CodeIdentity) => ({ started, code: own, versions: { node: "20" }, variables: {} });

describe("code.json", () => {
  it("keeps what began a run that the same code continues, and puts aside what other code trained before", () => {
    const path = join(folder, "run");
    writeCodeFile(path, sitting("first", code("a", "patch one\n")));
    writeCodeFile(path, sitting("second", code("a", "patch one\n")));
    expect(readCodeFile(path)).toMatchObject({ format: 1, started: "first", code: { commit: "a".repeat(40), patch: { file: "code.patch", bytes: 10 } } });
    expect(readCodeFile(path)).not.toHaveProperty("earlier");
    writeCodeFile(path, sitting("third", code("a", "patch two\n")));
    writeCodeFile(path, sitting("fourth", code("b")));
    expect(readCodeFile(path)).toMatchObject({ started: "fourth", code: { commit: "b".repeat(40) }, earlier: [{ started: "first", code: { patch: { file: "code-1.patch" } } }, { started: "third", code: { patch: { file: "code-2.patch" } } }] });
    expect(["code-1.patch", "code-2.patch"].map((file) => readFileSync(join(path, file), "utf8"))).toEqual(["patch one\n", "patch two\n"]);
    expect(existsSync(join(path, "code.patch"))).toBe(false);
    expect(readdirSync(path).sort()).toEqual(["code-1.patch", "code-2.patch", "code.json"]);
  });
});
