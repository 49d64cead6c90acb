import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";

const root = join(import.meta.dirname, "..", "..", "..");
const built = join(root, "dist", "kernel", "language", "console.js");

/** A process of its own: the test runner has a console of its own, too. */
function run(code: string): { stdout: string; stderr: string } {
  const script = `import { Session } from "node:inspector"; import { detachConsole } from ${JSON.stringify(built)};\n${code}`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--expose-gc", "--input-type=module", "-e", script], { encoding: "utf8" });
  return { stdout, stderr };
}

beforeAll(() => {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "cli", "build.mjs")], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
});

it("keeps no printed value alive while an inspector session is connected", () => {
  const { stdout } = run(`
    const session = new Session(); session.connect(); session.post("Runtime.enable");
    detachConsole();
    let printed = { large: new Array(10) }; const reference = new WeakRef(printed);
    console.log(printed); printed = undefined;
    setTimeout(() => { gc(); console.log(reference.deref() === undefined ? "collected" : "kept"); }, 20);`);
  expect(stdout).toContain("collected");
});

it("prints as before: formats, groups, tables, counts, timers, errors on stderr", () => {
  const { stdout, stderr } = run(`
    const log = console.log; detachConsole();
    console.group("outer"); console.log("%s is %d", "a", 1, { b: 2 }); console.groupEnd();
    console.table([{ x: 1 }]); console.count(); console.count(); console.dir({ deep: { deeper: { deepest: { end: 1 } } } }, { depth: 0 });
    console.time("t"); console.timeEnd("t"); console.error("wrong"); console.assert(false, "asserted");
    console.log(typeof console.Console, log === console.log);`);
  expect(stdout).toMatch(/^outer\n {2}a is 1 \{ b: 2 \}\n┌[^]*│ 0 +│ 1 +│[^]*default: 1\ndefault: 2\n\{ deep: \[Object\] \}\nt: [\d.]+m?s\nfunction false\n$/);
  expect(stderr).toBe("wrong\nAssertion failed: asserted\n");
});
