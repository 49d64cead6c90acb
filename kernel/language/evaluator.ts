import { Session } from "node:inspector";
import type { Runtime } from "node:inspector";

/** Something a script threw, which need not be an Error. */
export class Thrown {
  readonly value: unknown;
  /** Whether the script did not throw, but was terminated from another thread. */
  readonly terminated: boolean;

  constructor(value: unknown, terminated = false) {
    this.value = value;
    this.terminated = terminated;
  }
}

const stash = "__potstillThrown";

/**
 * Runs scripts in V8's REPL mode: top-level `await`, bindings that later scripts share and may declare again.
 * The scripts run on this thread; only their evaluation goes through the inspector, because nothing else offers that mode.
 */
export class Evaluator {
  #session = new Session();
  #thrown: unknown;

  constructor() {
    this.#session.connect();
    Object.defineProperty(globalThis, stash, { set: (value: unknown) => { this.#thrown = value; }, configurable: true });
  }

  /**
   * Forgets evaluations that will never end. V8 (of Node 22 and 24) aborts the process when it collects the promise
   * of an evaluation that the inspector still waits for; terminated scripts leave such promises.
   */
  forget(): void {
    this.#session.disconnect();
    this.#session = new Session();
    this.#session.connect();
  }

  /**
   * Resolves when the script has ended, with what it threw if it threw.
   */
  evaluate(code: string, url: string, isInterrupted: () => boolean): Promise<Thrown | undefined> {
    return new Promise((resolve) => {
      const expression = `${code}\n//# sourceURL=${url}`;
      // @types/node lacks `replMode`, a stable part of the DevTools protocol.
      const options = { expression, replMode: true, awaitPromise: true, objectGroup: "cell" } as Runtime.EvaluateParameterType;
      this.#session.post("Runtime.evaluate", options, (error, answer?: Runtime.EvaluateReturnType) => {
        resolve(error || answer === undefined ? failure(error, isInterrupted()) : this.#outcome(answer));
        this.#session.post("Runtime.releaseObjectGroup", { objectGroup: "cell" });
      });
    });
  }

  #outcome({ exceptionDetails }: Runtime.EvaluateReturnType): Thrown | undefined {
    if (exceptionDetails === undefined) return undefined;
    const { exception } = exceptionDetails;
    if (exception === undefined) return new Thrown(new Error(exceptionDetails.text));
    if (exception.objectId === undefined) return new Thrown(primitive(exception));
    this.#session.post("Runtime.callFunctionOn", {
      objectId: exception.objectId,
      functionDeclaration: `function (value) { globalThis.${stash} = value; }`,
      arguments: [{ objectId: exception.objectId }],
    });
    const thrown = new Thrown(this.#thrown);
    this.#thrown = undefined;
    return thrown;
  }
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
