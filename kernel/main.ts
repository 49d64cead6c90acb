import { readFileSync } from "node:fs";
import { MessageChannel, Worker } from "node:worker_threads";
import { parseArgs } from "node:util";
import { join } from "node:path";
import { createSharedState } from "./language/link.ts";
import { Log } from "./log.ts";
import { parseConnectionFile } from "./protocol/connection-file.ts";
import type { ConnectionInfo } from "./protocol/connection-file.ts";
import { keepLastWords, takeStandardStreams } from "./standard-streams.ts";

/** Starts the kernel described by a connection file: the wire worker first, because clients wait for it. */
async function start(file: string): Promise<void> {
  const connection = parseConnectionFile(readFileSync(file, "utf8"));
  const streams = takeStandardStreams();
  log = new Log(streams.log);
  if (connection.key === "") log.write(unsignedWarning(connection));
  const { port1: port, port2: wirePort } = new MessageChannel();
  const { port1: answers, port2: wireAnswers } = new MessageChannel();
  const shared = createSharedState();
  const cwd = process.cwd();
  const wire = new Worker(new URL("./server/wire.js", import.meta.url), {
    workerData: { connection, cwd, shared, streams, port: wirePort, answers: wireAnswers },
    transferList: [wirePort, wireAnswers],
  });
  wire.on("error", (error) => fail(error));
  keepLastWords(streams);
  // A notebook is started with no arguments: programs that read theirs shall not meet the kernel's.
  process.argv.splice(1, Infinity, join(cwd, "notebook.ts"));
  const { startInterpreter } = await import("./language/interpreter.ts");
  startInterpreter({ port, answers, shared }, cwd);
}

const exit = process.exit.bind(process);
let log = new Log(2);

function fail(error: unknown): never {
  log.write((error as Error).message);
  return exit(1);
}

function unsignedWarning({ ip, transport }: ConnectionInfo): string {
  const reach = transport === "ipc" || /^(?:127\.|localhost$|::1$|\[::1\]$)/.test(ip) ? "whoever reaches the kernel's ports" : `whoever reaches ${ip} over the network`;
  return `the connection file's key is empty: messages are not signed, so ${reach} can run code.`;
}

const { values } = parseArgs({ options: { "connection-file": { type: "string", short: "f" } }, strict: false });
const file = values["connection-file"];
if (typeof file !== "string") fail(new Error("--connection-file FILE is missing; Jupyter passes it, people start the kernel with: potstill kernel start"));
else start(file).catch(fail);
