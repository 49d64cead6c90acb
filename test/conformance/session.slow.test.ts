import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { KernelDriver } from "./kernel-driver.ts";

const cells = Number(process.env.POTSTILL_TEST_CELLS ?? 10_000);

/** What a person at a notebook does again and again: values, output, functions declared anew, errors. */
const kinds: readonly ((k: number) => string)[] = [
  (k) => `const step = ${k}; step * 2`,
  (k) => `function twice(x: number): number { return 2 * x + ${k} }\ntwice(3)`,
  (k) => `console.log("cell", ${k})`,
  (k) => `class Point { x = ${k}; constructor(readonly y: number) {} }\nnew Point(1)`,
  () => "await new Promise((done) => setImmediate(done)); display({ a: [1, 2, 3] })",
  (k) => `if (step >= 0) throw new Error("number ${k}")`,
];

/** Memory once an idle kernel has given back what it does not need: when it has not become less for some seconds. */
async function atRest(resident: () => number): Promise<number> {
  let least = resident();
  for (let still = 0; still < 5; still++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    if (resident() < least - 1) still = -1;
    least = Math.min(least, resident());
  }
  return least;
}

it(`${cells} cells leave nothing behind but what they hold`, async () => {
  const kernel = await KernelDriver.start({ env: { POTSTILL_TYPECHECK: "error" } });
  const resident = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${kernel.process.pid}/status`, "utf8"))![1]) / 1024;
  const run = async (from: number, to: number): Promise<void> => {
    for (let k = from; k < to; k++) {
      const { reply } = await kernel.run(kinds[k % kinds.length](k));
      expect(reply.status).toBe(k % kinds.length === 5 ? "error" : "ok");
      kernel.iopub.length = kernel.shellReplies.length = 0;
    }
  };
  try {
    await kernel.run("const collect = (() => { require('node:v8').setFlagsFromString('--expose-gc'); return require('node:vm').runInNewContext('gc') as () => void })(); let step = 0;");
    const heap = async (): Promise<number> => Number(await kernel.value("collect(); collect(); process.memoryUsage().heapUsed")) / 2 ** 20;
    const samples: { cells: number; heap: number; resident: number }[] = [];
    for (let part = 0; part < 5; part++) {
      await run((part * cells) / 5, ((part + 1) * cells) / 5);
      samples.push({ cells: ((part + 1) * cells) / 5, heap: await heap(), resident: await atRest(resident) });
    }
    console.log(samples);
    // What the first fifth of the cells needed is warm-up; the other four fifths must stay within a little of it.
    expect(samples[4].heap - samples[0].heap).toBeLessThan(8 + (cells / 10_000) * 16);
    expect(samples[4].resident - samples[0].resident).toBeLessThan(150);
  } finally {
    await kernel.stop();
  }
}, 900_000);
