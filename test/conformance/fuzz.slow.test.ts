import { afterAll, beforeAll, it } from "vitest";
import { fuzz } from "./fuzz.ts";
import { KernelDriver } from "./kernel-driver.ts";

let kernel: KernelDriver;
beforeAll(async () => { kernel = await KernelDriver.start(); });
afterAll(() => kernel.stop());

it("100,000 forged, truncated and malformed messages on all channels leave no trace and do no harm", async () => {
  await fuzz(kernel, { messages: 100_000, seed: 2 });
}, 600_000);
