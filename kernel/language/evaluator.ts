import { Session } from "node:inspector";
import type { Runtime } from "node:inspector";

/** Something a script threw, which need not be an Error. */
export class Thrown {
  readonly value: unknown;
  /** Whether the script did not throw, but was terminated from another thread. */
  readonly terminated: boolean;
  /** Where the script does not compile, 1-based. */
  readonly position: { readonly line: number; readonly column: number } | undefined;

  constructor(value: unknown, terminated = false, position?: Thrown["position"]) {
    this.value = value;
    this.terminated = terminated;
    this.position = position;
  }
}

/** A script that runs. */
export interface Evaluation {
  /** Resolves when the script has ended, with what it threw if it threw. */
  readonly ended: Promise<Thrown | undefined>;
  /**
   * Gives up waiting for a script that will never end. V8 (of Node 22 and 24) aborts the process when it collects the
   * promise of an evaluation that the inspector still waits for; terminated scripts leave such promises.
   */
  forget(): void;
}

/** Where values pass between the inspector and this module; there only while one passes. */
const gate = "potstill.gate";

/**
 * Runs scripts in V8's REPL mode: top-level `await`, bindings that later scripts share and may declare again.
 * The scripts run on this thread; only their evaluation goes through the inspector, because nothing else offers that mode.
 */
export class Evaluator {
  /** Connections that wait for no script. Each script has its own, so that one can be forgotten without the others. */
  readonly #idle: Session[] = [];

  /** Starts a script. */
  evaluate(code: string, url: string, isInterrupted: () => boolean): Evaluation {
    const session = this.#idle.pop() ?? connect();
    let state: "open" | "ended" | "forgotten" = "open";
    const ended = new Promise<Thrown | undefined>((resolve) => {
      const expression = `${code}\n//# sourceURL=${url}`;
      // @types/node lacks `replMode`, a stable part of the DevTools protocol.
      const options = { expression, replMode: true, awaitPromise: true, objectGroup: "cell" } as Runtime.EvaluateParameterType;
      session.post("Runtime.evaluate", options, (error, answer?: Runtime.EvaluateReturnType) => {
        resolve(error || answer === undefined ? failure(error, isInterrupted()) : outcome(session, answer));
        if (state === "forgotten") return;
        state = "ended";
        if (holdsObject(answer)) session.post("Runtime.releaseObjectGroup", { objectGroup: "cell" });
        this.#idle.push(session);
      });
    });
    const forget = () => {
      if (state !== "open") return; // by now the connection may serve another script
      state = "forgotten";
      session.disconnect();
    };
    return { ended, forget };
  }
}

/** Whether the inspector keeps something alive for this connection. */
function holdsObject(answer: Runtime.EvaluateReturnType | undefined): boolean {
  return answer === undefined || [answer.result, answer.exceptionDetails?.exception].some((remote) => remote?.objectId !== undefined);
}

function connect(): Session {
  const session = new Session();
  session.connect();
  return session;
}

function outcome(session: Session, { exceptionDetails }: Runtime.EvaluateReturnType): Thrown | undefined {
  if (exceptionDetails === undefined) return undefined;
  const { exception } = exceptionDetails;
  if (exception === undefined) return new Thrown(new Error(exceptionDetails.text));
  if (exception.objectId === undefined) return new Thrown(primitive(exception));
  const { lineNumber: line, columnNumber: column } = exceptionDetails;
  const compiles = exception.className !== "SyntaxError" || (line === 0 && column === 0);
  return new Thrown(objectOf(session, exception.objectId), false, compiles ? undefined : { line: line + 1, column: column + 1 });
}
/** Declares a name that all scripts and modules see, without making it a property of `globalThis`. */
export function defineForScripts(name: string, value: unknown): void {
  const session = connect();
  const options = { expression: `const ${name} = globalThis[Symbol.for("${gate}")];`, replMode: true } as Runtime.EvaluateParameterType;
  throughGate({ value }, () => session.post("Runtime.evaluate", options));
  session.disconnect();
}

function objectOf(session: Session, objectId: string): unknown {
  let found: unknown;
  throughGate({ set: (value: unknown) => { found = value; } }, () => session.post("Runtime.callFunctionOn", {
    objectId,
    functionDeclaration: `function (value) { globalThis[Symbol.for("${gate}")] = value; }`,
    arguments: [{ objectId }],
  }));
  return found;
}

/** The inspector answers in-process requests before `post` returns. */
function throughGate(property: PropertyDescriptor, pass: () => void): void {
  const key = Symbol.for(gate);
  Object.defineProperty(globalThis, key, { ...property, configurable: true });
  pass();
  Reflect.deleteProperty(globalThis, key);
}

/** Node 20 reports "Execution was terminated", later versions an internal error: then the interrupt flag tells. */
function failure(error: Error | null, interrupted: boolean): Thrown {
  const message = error?.message ?? "no answer";
  return new Thrown(new Error(`The cell could not be evaluated: ${message}`), interrupted || /terminated/i.test(message));
}

function primitive({ type, value, unserializableValue }: Runtime.RemoteObject): unknown {
  if (unserializableValue === undefined) return type === "undefined" ? undefined : (value as unknown);
  return type === "bigint" ? BigInt(unserializableValue.slice(0, -1)) : Number(unserializableValue);
}
