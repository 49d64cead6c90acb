// Trains the tiny experiment in a run folder; the test kills it in the middle. Arguments: build folder, runs folder, iterations.
import { pathToFileURL } from "node:url";
import { join } from "node:path";

const [, , dist, runs, spec] = process.argv;
const load = (path) => import(pathToFileURL(join(dist, path)).href);
const { syntheticScenes } = await load("lib/data/synthetic.js");
const { experimentSteps } = await load("lib/papers/build.js");
const dataset = syntheticScenes({ images: 12, size: 64, seed: 5 });
for await (const step of experimentSteps(JSON.parse(spec), { dataset, seed: 3, runs, checkpointEvery: 3 })) process.stdout.write(`${step.iteration}\n`);
