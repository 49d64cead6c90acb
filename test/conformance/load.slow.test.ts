import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { Subscriber } from "zeromq";
import { eventually, KernelDriver, sleep } from "./kernel-driver.ts";

it("a client that stops reading costs a bounded amount of memory, and the others hear everything", async () => {
  const kernel = await KernelDriver.start();
  const stalled = new Subscriber({ receiveHighWaterMark: 10, linger: 0 });
  try {
    stalled.connect(`tcp://127.0.0.1:${kernel.ports.iopub}`);
    stalled.subscribe();
    await sleep(500); // the subscription is on its way
    const resident = (): number => (process.platform === "linux" ? Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${kernel.process.pid}/status`, "utf8"))![1]) / 1024 : 0);
    const sizes: number[] = [];
    for (let turn = 0; turn < 6; turn++) {
      const { messages } = await kernel.result(await kernel.execute('const line = "x".repeat(999_999); for (let k = 0; k < 500; k++) console.log(line)'), 120_000);
      expect(messages.filter((m) => m.type === "stream").reduce((sum, m) => sum + m.content.text.length, 0)).toBe(500_000_000);
      kernel.iopub.length = 0;
      sizes.push(resident());
    }
    // Two gigabytes more have been printed since the second turn.
    expect(sizes[5] - sizes[1]).toBeLessThan(500);
    expect(await kernel.value("'well'")).toBe("'well'");
    expect(await eventually(() => kernel.log.includes("does not read"), 5000)).toBe(true);
  } finally {
    stalled.close();
    await kernel.stop();
  }
}, 300_000);
