import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { busyElsewhere, endless, endlessSetup } from "./endless.ts";
import { eventually, KernelDriver, mainFile, sleep } from "./kernel-driver.ts";

/** Node binaries to try, beside the one that runs the tests. */
const nodes = [process.execPath, ...(process.env.POTSTILL_TEST_NODES ?? "").split(":").filter((path) => path !== "")];
if (nodes.length === 1) console.warn("SKIPPED: other versions of Node (POTSTILL_TEST_NODES names none)");

describe.each(nodes)("%s", (node) => {
  let kernel: KernelDriver;
  beforeAll(async () => {
    expect(existsSync(node)).toBe(true);
    kernel = await KernelDriver.start({ argv: [node, "--no-force-async-hooks-checks", mainFile, "--connection-file", "{connection_file}"] });
    await kernel.run(endlessSetup);
    await sleep(400); // the thread that listens for SIGINT
  });
  afterAll(() => kernel.stop());

  const interrupts: readonly [string, () => unknown][] = [
    ["interrupt_request", () => kernel.control("interrupt_request", {})],
    ["SIGINT", () => kernel.process.kill("SIGINT")],
  ];
  const cases = interrupts.flatMap(([name, interrupt]) => [...endless, ...busyElsewhere].map(([title, code]) => [name, title, code, interrupt] as const));

  it.each(cases)("%s stops %s and keeps the session", async (_name, _title, code, interrupt) => {
    const id = await kernel.execute(`console.log("begun");\n${code}`);
    expect(await eventually(() => kernel.iopub.some((m) => m.parent === id && String(m.content.text).startsWith("begun\n")), 20_000)).toBe(true);
    await sleep(50);
    await interrupt();
    const { reply } = await kernel.result(id, 30_000);
    expect(reply).toMatchObject({ status: "error", ename: "InterruptedError" });
    const expected = Number(await kernel.value("kept")) + 1;
    expect(await kernel.value("kept += 1; kept")).toBe(String(expected));
  });
});
