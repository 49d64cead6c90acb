import { Session } from "node:inspector";
import type { Runtime } from "node:inspector";
import { types } from "node:util";

const stash = "__potstillProxy";

/**
 * What stands behind a proxy, found without running its traps; undefined for a revoked proxy. Only the inspector can
 * tell: JavaScript itself has no way.
 */
function target(proxy: object): unknown {
  const session = new Session();
  session.connect();
  const slot: { value: unknown } = { value: proxy };
  Object.defineProperty(globalThis, stash, { value: slot, configurable: true });
  try {
    const known = ask<Runtime.EvaluateReturnType>(session, "Runtime.evaluate", { expression: `globalThis.${stash}.value` }).result;
    const { internalProperties = [] } = ask<Runtime.GetPropertiesReturnType>(session, "Runtime.getProperties", { objectId: known.objectId, ownProperties: true });
    const found = internalProperties.find(({ name }) => name === "[[Target]]")?.value;
    slot.value = undefined;
    if (found?.objectId === undefined) return undefined;
    ask(session, "Runtime.callFunctionOn", { objectId: found.objectId, functionDeclaration: `function () { globalThis.${stash}.value = this; }` });
    return slot.value;
  } finally {
    Reflect.deleteProperty(globalThis, stash);
    session.disconnect();
  }
}

/** The inspector answers within the call, as it looks at this very thread. */
function ask<T>(session: Session, method: string, parameters: object): T {
  let answered: T | undefined;
  let failed: Error | null = null;
  session.post(method, parameters, (error, answer) => {
    failed = error;
    answered = answer as T;
  });
  if (failed !== null) throw failed as Error;
  return answered as T;
}

/** The object behind proxies of any depth; other values are what they are. */
export function withoutProxy(value: unknown): unknown {
  let inner = value;
  for (let depth = 0; depth < 10 && types.isProxy(inner); depth++) inner = target(inner as object);
  return inner;
}
