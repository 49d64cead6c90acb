const token = /[ \t\n\r]*(?:([{}[\],:])|("(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)))/y;

type State = "value" | "value-or-end" | "key" | "key-or-end" | "colon" | "comma-or-end" | "done";

function afterValue(stack: readonly string[]): State {
  return stack.length === 0 ? "done" : "comma-or-end";
}

function open(bracket: string, state: State, stack: string[]): State | undefined {
  if (state !== "value" && state !== "value-or-end") return undefined;
  stack.push(bracket === "{" ? "}" : "]");
  return bracket === "{" ? "key-or-end" : "value-or-end";
}

function close(bracket: string, state: State, stack: string[]): State | undefined {
  const legal = state === "comma-or-end" || (bracket === "}" ? state === "key-or-end" : state === "value-or-end");
  return legal && stack.pop() === bracket ? afterValue(stack) : undefined;
}

function punctuation(sign: string, state: State, stack: string[]): State | undefined {
  if (sign === "{" || sign === "[") return open(sign, state, stack);
  if (sign === "}" || sign === "]") return close(sign, state, stack);
  if (sign === ":") return state === "colon" ? "value" : undefined;
  if (state !== "comma-or-end") return undefined;
  return stack.at(-1) === "}" ? "key" : "value";
}

function scalar(isString: boolean, state: State, stack: readonly string[]): State | undefined {
  if (isString && (state === "key" || state === "key-or-end")) return "colon";
  return state === "value" || state === "value-or-end" ? afterValue(stack) : undefined;
}

/**
 * Index of the first character at which `text` stops being JSON, or undefined when it is JSON.
 * `JSON.parse` tells the position of some mistakes only, and in different words per Node version.
 */
export function jsonErrorPosition(text: string): number | undefined {
  const stack: string[] = [];
  let state: State = "value";
  let at = 0;
  while (state !== "done") {
    token.lastIndex = at;
    const match = token.exec(text);
    const next: State | undefined = match === null ? undefined : match[1] !== undefined ? punctuation(match[1], state, stack) : scalar(match[2] !== undefined, state, stack);
    if (next === undefined) return at + /^[ \t\n\r]*/.exec(text.slice(at))![0].length;
    state = next;
    at = token.lastIndex;
  }
  const rest = /\S/.exec(text.slice(at));
  return rest === null ? undefined : at + rest.index;
}
