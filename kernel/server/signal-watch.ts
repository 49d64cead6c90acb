// A thread that notices SIGINT while the main thread is busy. JavaScript handlers run on the main thread alone;
// but `breakOnSigint` ends a script on any thread, so this one runs a script that waits for ever.
import { parentPort } from "node:worker_threads";
import { Script } from "node:vm";

const wait = new Script("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)");

for (;;) {
  try {
    wait.runInThisContext({ breakOnSigint: true });
  } catch {
    parentPort?.postMessage("SIGINT");
  }
}
