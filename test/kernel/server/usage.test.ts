import { totalmem } from "node:os";
import { expect, it } from "vitest";
import { Usage } from "../../../kernel/server/usage.ts";

it("says what the process and its machine use, in ipykernel's names", () => {
  const usage = new Usage();
  expect(usage.answer()).not.toHaveProperty("host_cpu_percent"); // there is nothing yet to compare with
  for (const end = performance.now() + 50; performance.now() < end;);
  const { kernel_cpu, kernel_memory, host_virtual_memory, pid, cpu_count } = usage.answer() as Record<string, number> & { host_virtual_memory: Record<string, number> };
  expect(pid).toBe(process.pid);
  expect(kernel_cpu).toBeGreaterThan(0);
  expect(kernel_memory).toBeGreaterThan(1e6);
  expect(cpu_count).toBeGreaterThan(0);
  expect(host_virtual_memory.total).toBe(totalmem());
  expect(host_virtual_memory.used + host_virtual_memory.available).toBe(totalmem());
  expect(host_virtual_memory.percent).toBeCloseTo((100 * host_virtual_memory.used) / totalmem(), 0);
});
