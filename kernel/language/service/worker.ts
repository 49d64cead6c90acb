import { parentPort, workerData } from "node:worker_threads";
import { debugSource } from "../debug-source.ts";
import { precompile } from "../precompiled.ts";
import type { CellNature } from "../precompiled.ts";
import { keepCompiledTypeScript } from "../typescript.ts";
import type { Cell, LanguageCore, Source } from "./core.ts";
import { tidyHeap } from "./tidy.ts";
import type { Answer, Question, WorkerStart } from "./messages.ts";

const { cwd, committed, checks } = workerData as WorkerStart;

/** The kernel's own start comes first: TypeScript is read a moment later, or with the first question. */
const warmUpDelay = 150;

/** How long nothing must have been asked before this thread tidies up, and does something for later kernels, in milliseconds. */
const idleTime = 500;

let completes = false;

function rest(made: LanguageCore): void {
  if (checks && !completes) made.warmUpCompletion();
  completes = true;
  keepCompiledTypeScript();
  tidyHeap();
}

let core: Promise<LanguageCore> | undefined;
let idle: NodeJS.Timeout | undefined;

async function load(): Promise<LanguageCore> {
  const { LanguageCore } = await import("./core.ts");
  const made = new LanguageCore(cwd);
  for (const cell of committed) made.commit(cell);
  return made;
}

function answer(made: LanguageCore, { method, args }: Question): unknown {
  switch (method) {
    case "check": return made.check(args[0] as Cell);
    case "commit": return made.commit(args[0] as Cell);
    case "complete": return made.complete(args[0] as Source, args[1] as number);
    case "inspect": return made.inspect(args[0] as Source, args[1] as number, args[2] as 0 | 1);
    case "isComplete": return made.isComplete(args[0] as Source);
    case "compile": return precompile(args[0] as string, args[1] as CellNature, made.project.options);
    case "configure": return made.configure();
    case "packagesChanged": return made.packagesChanged();
    default: return debugSource[method](args[0] as string);
  }
}

async function reply(question: Question): Promise<Answer> {
  try {
    return { id: question.id, value: answer(await (core ??= load()), question) };
  } catch (error) {
    return { id: question.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort!.on("message", (question: Question) => {
  idle?.refresh();
  void reply(question).then((message) => parentPort!.postMessage(message));
});

setTimeout(() => {
  core ??= load();
  core.then((made) => {
    precompile("await 1", { tsx: false });
    if (checks) made.warmUp();
    idle ??= setTimeout(() => rest(made), idleTime);
  }).catch(() => undefined); // a failure to load answers the first question
}, warmUpDelay);
