// Potstill's side of the dispatch bench: operations through lib/backend as the library uses them.
import { performance } from "node:perf_hooks";
import * as tf from "@tensorflow/tfjs-core";
import { loadBackend } from "../../dist/lib/backend/load.js";
import { serve } from "./worker.mjs";

await loadBackend({ threads: 1 });
const [a, b] = [tf.tensor1d([1, 2, 3, 4]), tf.tensor1d([4, 3, 2, 1])];

function additions(count) {
  const start = performance.now();
  tf.tidy(() => { for (let i = 0; i < count; i++) tf.add(a, b); });
  return (performance.now() - start) / count;
}

await serve((line) => {
  const count = Number(line.split(" ")[1]);
  additions(count);
  return { ms: additions(count) };
});
