// The wire worker: all sockets, the queue of cells, and the guardian live in this thread.
import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { asMainLink, Wire } from "./wire-kernel.ts";

// What fails here is reported by the main thread, which then exits.
const wire = await Wire.open(asMainLink(workerData));

// Later the main thread may be busy for ever: a kernel without its sockets must not stay behind.
process.on("uncaughtException", (error) => {
  writeSync(2, `potstill kernel: internal error: ${error.stack ?? String(error)}\n`);
  process.kill(process.pid, "SIGTERM");
});
wire.listen();
