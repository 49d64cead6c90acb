import { readFileSync } from "node:fs";
import { MessageChannel, Worker } from "node:worker_threads";
import { parseArgs } from "node:util";
import { createSharedState } from "./language/link.ts";
import { parseConnectionFile } from "./protocol/connection-file.ts";

/** Starts the kernel described by a connection file: the wire worker first, because clients wait for it. */
async function start(file: string): Promise<void> {
  const connection = parseConnectionFile(readFileSync(file, "utf8"));
  if (connection.key === "") log("potstill kernel: the connection file's key is empty: messages are not signed, so whoever reaches the kernel's ports can run code.\n");
  const { port1: port, port2: wirePort } = new MessageChannel();
  const { port1: answers, port2: wireAnswers } = new MessageChannel();
  const shared = createSharedState();
  const cwd = process.cwd();
  const wire = new Worker(new URL("./server/wire.js", import.meta.url), {
    workerData: { connection, cwd, shared, port: wirePort, answers: wireAnswers },
    transferList: [wirePort, wireAnswers],
  });
  wire.on("error", (error) => fail(error));
  const { startInterpreter } = await import("./language/interpreter.ts");
  startInterpreter({ port, answers, shared }, cwd);
}

const exit = process.exit.bind(process);
const log = process.stderr.write.bind(process.stderr);

function fail(error: unknown): never {
  log(`potstill kernel: ${(error as Error).message}\n`);
  return exit(1);
}

const { values } = parseArgs({ options: { "connection-file": { type: "string", short: "f" } }, strict: false });
const file = values["connection-file"];
if (typeof file !== "string") fail(new Error("--connection-file FILE is missing; Jupyter passes it, people start the kernel with: potstill kernel start"));
else start(file).catch(fail);
