// The wire worker: all sockets, the queue of cells, and the guardian live in this thread.
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { asMainLink, Wire } from "./wire-kernel.ts";

const wire = await Wire.open(asMainLink(workerData)).catch((error: unknown) => {
  writeSync(2, `potstill kernel: ${(error as Error).message}\n`);
  process.kill(process.pid, "SIGTERM");
  throw error;
});
wire.listen();
