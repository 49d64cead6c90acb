// The wire worker: all sockets, the queue of cells, and the guardian live in this thread.
import { workerData } from "node:worker_threads";
import { Log } from "../log.ts";
import { asMainLink, Wire } from "./wire-kernel.ts";

// What fails here is reported by the main thread, which then exits.
const link = asMainLink(workerData);
async function serve(): Promise<void> {
  const wire = await Wire.open(link);
  // Later the main thread may be busy for ever: a kernel without its sockets must not stay behind.
  process.on("uncaughtException", (error) => {
    new Log(link.streams.log).write(`internal error: ${error.stack ?? String(error)}`);
    process.kill(process.pid, "SIGKILL");
  });
  wire.listen();
}

// Whatever Node was told to do about rejections: this is an error of the thread.
serve().catch((error: unknown) => setImmediate(() => { throw error; }));
