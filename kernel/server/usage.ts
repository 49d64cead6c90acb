import { cpus, freemem, hostname, totalmem } from "node:os";
import type { JsonObject } from "../protocol/messages.ts";

/** Time in milliseconds: how much of it was computed in, and how much there was. */
interface Reading {
  readonly busy: number;
  readonly all: number;
}

/**
 * Answers `usage_request`, which frontends send to show what a kernel takes (jupyter-resource-usage): processor use in
 * percent, since the last question, and memory in bytes, under the names that ipykernel gives them.
 */
export class Usage {
  #kernel: Reading = readKernel();
  #host: Reading | undefined;

  answer(): JsonObject {
    const kernel = readKernel();
    const host = readHost();
    const [kernelCpu, hostCpu] = [percent(this.#kernel, kernel), this.#host && percent(this.#host, host)];
    [this.#kernel, this.#host] = [kernel, host];
    return {
      hostname: hostname(),
      pid: process.pid,
      kernel_cpu: kernelCpu,
      kernel_memory: process.memoryUsage.rss(),
      ...(hostCpu !== undefined && { host_cpu_percent: hostCpu }),
      cpu_count: cpus().length,
      host_virtual_memory: hostMemory(),
    };
  }
}

function hostMemory(): JsonObject {
  const [total, available] = [totalmem(), freemem()];
  return { total, available, free: available, used: total - available, percent: round((100 * (total - available)) / total) };
}

function readKernel(): Reading {
  const { user, system } = process.cpuUsage();
  return { busy: (user + system) / 1000, all: performance.now() };
}

function readHost(): Reading {
  const times = cpus().map(({ times: { user, nice, sys, idle, irq } }) => ({ busy: user + nice + sys + irq, idle }));
  return times.reduce((sum, { busy, idle }) => ({ busy: sum.busy + busy, all: sum.all + busy + idle }), { busy: 0, all: 0 });
}

function percent(before: Reading, now: Reading): number {
  return now.all > before.all ? round((100 * (now.busy - before.busy)) / (now.all - before.all)) : 0;
}

const round = (value: number): number => Math.round(value * 10) / 10;
