import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeAtomically } from "../../../kernel/run/atomic-write.ts";
import { temporaryFolder } from "./helpers.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const file = (name: string): string => join(folder.path, name);

describe("writeAtomically", () => {
  it("writes, replaces, keeps the mode, and leaves nothing else behind", async () => {
    await writeAtomically(file("a.txt"), "one");
    chmodSync(file("a.txt"), 0o640);
    await writeAtomically(file("a.txt"), "two", { durable: true });
    expect(readFileSync(file("a.txt"), "utf8")).toBe("two");
    expect(statSync(file("a.txt")).mode & 0o777).toBe(0o640);
    expect(readdirSync(folder.path)).toEqual(["a.txt"]);
  });

  it("writes through links instead of replacing them", async () => {
    mkdirSync(file("real"));
    writeFileSync(file("real/b.txt"), "old");
    symlinkSync(file("real/b.txt"), file("link.txt"));
    await writeAtomically(file("link.txt"), "new");
    expect(readFileSync(file("real/b.txt"), "utf8")).toBe("new");
  });

  it.skipIf(!existsSync("/dev/full"))("tells that the disk is full, and does not replace a device", async () => {
    await expect(writeAtomically("/dev/full", "text")).rejects.toThrow(/Cannot write \/dev\/full: .*disk is full/);
    expect(statSync("/dev/full").isCharacterDevice()).toBe(true);
  });

  it("names a folder that is not there, or is the target", async () => {
    await expect(writeAtomically(file("none/a.txt"), "text")).rejects.toThrow(/Cannot write .*none\/a\.txt: .*folder does not exist/);
    mkdirSync(file("dir"));
    await expect(writeAtomically(file("dir"), "text")).rejects.toThrow(/Cannot write .*dir/);
    expect(readdirSync(folder.path).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });
});
