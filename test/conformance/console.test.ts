import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { peerFolder, hasPeers } from "../peers.ts";
import { KernelDriver, text } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());

const printed = async (code: string) => {
  const { messages } = await kernel.run(code);
  return { out: text(messages), err: text(messages, "stderr") };
};

describe("console", () => {
  it("prints values in the browser's formats, without colours", async () => {
    expect((await printed('console.log("%s is %d, %i %f %j %o %c!%%", "Ada", 36.5, 36.5, "1.5", { a: 1 }, [1], "color: red")')).out).toBe('Ada is 36.5, 36 1.5 {"a":1} [ 1, [length]: 1 ] !%\n');
    expect((await printed('console.log({ a: [1, "x", null] }, 5n); console.dir({ a: { b: 1 } }, { depth: 0 })')).out).toBe("{ a: [ 1, 'x', null ] } 5n\n{ a: [Object] }\n");
  });

  it("writes errors and warnings to stderr, with the cells' own lines", async () => {
    expect((await printed('console.error("e"); console.warn("w"); console.assert(false, "not %s", "so")')).err).toBe("e\nw\nAssertion failed: not so\n");
    expect((await printed('console.error(new Error("x"))')).err).toMatch(/^Error: x\n {4}at In \[\d+\]:1:15\n$/);
  });

  it("traces without the kernel's own frames", async () => {
    expect((await printed('function f() {\n  console.trace("here %d", 5);\n}\nf()')).err).toMatch(/^Trace: here 5\n {4}at f \(In \[\d+\]:2:11\)\n {4}at In \[\d+\]:4:1\n$/);
  });

  it("draws tables", async () => {
    expect((await printed('console.table([{ a: 1, b: "x" }, { a: 2 }])')).out).toMatch(/^┌[^]*│ \(index\) │ a │ b {3}│\n[^]*┘\n$/);
  });

  it("counts and measures", async () => {
    expect((await printed('console.count(); console.count("x"); console.count(); console.countReset(); console.count()')).out).toBe("default: 1\nx: 1\ndefault: 2\ndefault: 1\n");
    expect((await printed('console.time("t"); console.timeLog("t", "mid"); console.timeEnd("t")')).out).toMatch(/^t: [\d.]+m?s mid\nt: [\d.]+m?s\n$/);
  });

  it("ends a cell's groups with the cell, also when it throws (Node, and so every peer, goes on indenting)", async () => {
    expect((await printed('console.group("a"); console.log("b"); console.group(); console.log("c")')).out).toBe("a\n  b\n    c\n");
    expect((await printed('console.log("d"); console.group(); throw new Error("x")')).out).toBe("d\n");
    expect((await printed('console.log("e"); console.groupEnd(); console.group("f"); console.groupEnd(); console.log("g")')).out).toBe("e\nf\ng\n");
  });
});

describe("process.stdout", () => {
  it("takes text, bytes in pieces and encodings, and calls back after", async () => {
    expect((await printed('process.stdout.write("é"); process.stdout.write(Buffer.from([0xe2, 0x82])); process.stdout.write(new Uint8Array([0xac, 10]));')).out).toBe("é€\n");
    expect((await printed('process.stdout.write("68690a", "hex"); process.stdout.write("aGk=", "base64"); process.stdout.write("é", "utf8")')).out).toBe("hi\nhié");
    expect((await printed('await new Promise<void>((done) => process.stdout.write("a", "utf8", () => { console.log("b"); done(); })); process.stdout.write("c", () => {})')).out).toBe("ab\nc");
  });

  it("refuses what is neither text nor bytes, and encodings that there are not", async () => {
    expect((await kernel.run("process.stdout.write(5 as any)")).reply).toMatchObject({ ename: "TypeError", evalue: "write: received number, expected a string or bytes" });
    expect((await kernel.run('process.stdout.write("x", "utf-nine" as any)')).reply).toMatchObject({ ename: "TypeError", evalue: 'write: the encoding "utf-nine" is none that Buffer knows' });
  });

  it("stays open for later cells when one ends it or pipes into it", async () => {
    expect((await printed('await new Promise<void>((done) => { process.stdout.end("bye\\n", () => done()); })')).out).toBe("bye\n");
    const pipes = 'import { Readable } from "node:stream"; import { pipeline } from "node:stream/promises"; await pipeline(Readable.from(["p", "q\\n"]), process.stdout);';
    expect((await printed(pipes)).out).toBe("pq\n");
    expect((await printed('console.log("still here")')).out).toBe("still here\n");
  });

  it("is no terminal, so that progress bars do not draw with cursor movements that frontends cannot show", async () => {
    expect(await kernel.value("[process.stdout.isTTY, process.stderr.isTTY].map(Boolean)")).toBe("[ false, false ]");
    if (!hasPeers("cli-progress", "chalk")) return;
    const require = `require("node:module").createRequire(${JSON.stringify(`${peerFolder}/x.js`)})`;
    const bar = `const cli = ${require}("cli-progress"); const bar = new cli.SingleBar({ noTTYOutput: true, notTTYSchedule: 1 }); bar.start(2, 0); bar.update(2); bar.stop();`;
    // eslint-disable-next-line no-control-regex
    expect((await printed(bar)).err).toMatch(/^(progress \[[^\x1b]*\n)+/);
  });

  it("keeps the colours that a library writes", async () => {
    expect((await printed('console.log("\\x1b[31mred\\x1b[39m")')).out).toBe("\x1b[31mred\x1b[39m\n");
    if (!hasPeers("chalk")) return;
    expect((await printed(`process.env.FORCE_COLOR = "1"; const { default: chalk } = await import(${JSON.stringify(`${peerFolder}/node_modules/chalk/source/index.js`)}); process.stdout.write(chalk.red("x")); delete process.env.FORCE_COLOR;`)).out).toBe("\x1b[31mx\x1b[39m");
  });
});
