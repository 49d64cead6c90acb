// A thread that hears signals while the main thread computes. `process.on` hears them on the main thread alone, and
// `breakOnSigint` knows only SIGINT; the handle below them is loop by loop, but has no public name. Plain JavaScript, so that
// a thread can start from it whether the project is compiled or not. Started by watch-signals.ts.
import { constants } from "node:os";
import { parentPort, workerData } from "node:worker_threads";

const { flag, names, pause, patience } = workerData;
const { Signal } = process.binding("signal_wrap");
let first = 0;

function hear(number) {
  if (Atomics.compareExchange(flag, 0, 0, number) === 0) first = Date.now();
  else if (Date.now() - first > pause) setTimeout(() => process.kill(process.pid, "SIGKILL"), patience); // the main thread may end it better
}

for (const name of names) {
  const handle = new Signal();
  handle.onsignal = hear;
  const fault = handle.start(constants.signals[name]);
  if (fault !== 0) throw new Error(`${name} cannot be heard (${fault})`);
}
parentPort.postMessage("ready");
