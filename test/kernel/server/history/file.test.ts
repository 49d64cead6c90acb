import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HistoryFile } from "../../../../kernel/server/history/file.ts";

let folder: string;
let path: string;
beforeEach(() => { folder = mkdtempSync(join(tmpdir(), "potstill-history-")); path = join(folder, "deep", "history.jsonl"); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const cell = (session: string, line: number, code = `${session}${line}`) => ({ session, line, code });
const codes = async (file: HistoryFile) => (await file.read()).entries.toSorted((a, b) => a.number - b.number || a.line - b.line).map(({ number, line, code }) => `${number}:${line} ${code}`);

describe("HistoryFile", () => {
  it("numbers sessions in the order in which they appear, for every reader alike", async () => {
    const [one, two] = [new HistoryFile(path), new HistoryFile(path)];
    expect(await codes(one)).toEqual([]);
    await one.append([cell("a", 1)]);
    await two.append([cell("b", 1), cell("b", 2)]);
    await one.append([cell("a", 2)]);
    expect(await codes(two)).toEqual(["1:1 a1", "1:2 a2", "2:1 b1", "2:2 b2"]);
    expect(await codes(one)).toEqual(await codes(two));
  });

  it("is for its owner alone, also when it was not before", async () => {
    await new HistoryFile(path).append([cell("a", 1)]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, "deep")).mode & 0o777).toBe(0o700);
    const open = join(folder, "open.jsonl");
    writeFileSync(open, "", { mode: 0o644 });
    await new HistoryFile(open).append([cell("a", 1)]);
    expect(statSync(open).mode & 0o777).toBe(0o600);
  });

  it("loses nothing but a torn line", async () => {
    const file = new HistoryFile(path);
    await file.append([cell("a", 1, "π\n\"q\"")]);
    appendFileSync(path, '{"session":"dead","line":1,"co');
    await file.append([cell("a", 2)]);
    appendFileSync(path, 'null\n7\n{"session":5}\n\n{"session":"x","line":"1","code":"c"}\n');
    await file.append([cell("a", 3)]);
    expect(await codes(file)).toEqual(["1:1 π\n\"q\"", "1:2 a2", "1:3 a3"]);
  });

  it("stays bounded, keeps the newest cells and the numbers of their sessions", async () => {
    const file = new HistoryFile(path, { bytes: 4000 });
    for (let session = 1; session <= 10; session++) {
      for (let line = 1; line <= 20; line++) await file.append([cell(`s${session}`, line)]);
    }
    expect(statSync(path).size).toBeLessThanOrEqual(4100);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "deep"))).toEqual(["history.jsonl"]);
    const kept = await codes(file);
    expect(kept.length).toBeGreaterThan(20);
    const all = Array.from({ length: 200 }, (_, k) => `${Math.floor(k / 20) + 1}:${(k % 20) + 1} s${Math.floor(k / 20) + 1}${(k % 20) + 1}`);
    expect(kept).toEqual(all.slice(-kept.length));
  });

  it("keeps a link and a lock of another kernel where they are", async () => {
    const real = join(folder, "real.jsonl");
    const link = join(folder, "link.jsonl");
    writeFileSync(real, "");
    symlinkSync(real, link);
    const file = new HistoryFile(link, { bytes: 200 });
    for (let line = 1; line <= 20; line++) await file.append([cell("a", line)]);
    expect(statSync(real).size).toBeLessThan(300);
    writeFileSync(`${link}.lock`, "1");
    for (let line = 21; line <= 40; line++) await file.append([cell("a", line)]);
    expect((await codes(file)).slice(-20)).toEqual(Array.from({ length: 20 }, (_, k) => `1:${k + 21} a${k + 21}`));
    expect(readFileSync(`${link}.lock`, "utf8")).toBe("1");
  });

  it.each([["/dev/null", "no regular file"], ["/", "EISDIR"]])("refuses %s", async (place, message) => {
    await expect(new HistoryFile(place).append([cell("a", 1)])).rejects.toThrow(message);
  });

  it("takes cells of several kernels at the same time", async () => {
    await threeKernels(10_000_000);
    const { entries } = await new HistoryFile(path).read();
    for (const name of ["a", "b", "c"]) expect(linesOf(entries, name)).toEqual(Array.from({ length: 150 }, (_, k) => k + 1));
  });

  it("takes them also while it is cut again and again: what stays of each kernel are its newest cells, without a gap", async () => {
    await threeKernels(6000);
    expect(statSync(path).size).toBeLessThan(7000);
    const { entries } = await new HistoryFile(path).read();
    expect(entries.length).toBeGreaterThan(40);
    for (const name of new Set(entries.map(({ session }) => session))) {
      const lines = linesOf(entries, name);
      expect(lines).toEqual(Array.from({ length: lines.length }, (_, k) => 150 - lines.length + 1 + k));
    }
    expect(readdirSync(join(folder, "deep"))).toEqual(["history.jsonl"]);
  });
});

const linesOf = (entries: readonly { session: string; line: number }[], name: string): number[] =>
  entries.filter(({ session }) => session === name).map(({ line }) => line).sort((a, b) => a - b);

/** Three processes append 150 cells each, one by one. */
async function threeKernels(bytes: number): Promise<void> {
  const module = JSON.stringify(join(import.meta.dirname, "../../../../dist/kernel/server/history/file.js"));
  const program = (session: string) => `import { HistoryFile } from ${module};
    const file = new HistoryFile(${JSON.stringify(path)}, { bytes: ${bytes} });
    for (let line = 1; line <= 150; line++) await file.append([{ session: "${session}", line, code: "${session}" + line }]);
    process.stdout.write("done");`;
  expect(await Promise.all(["a", "b", "c"].map((session) => output(program(session))))).toEqual(["done", "done", "done"]);
}

function output(program: string): Promise<string> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (data: Buffer) => { text += data.toString(); });
  return new Promise((resolve) => child.on("close", () => resolve(text)));
}
