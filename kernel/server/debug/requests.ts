import type { Runtime } from "node:inspector";
import { basename } from "node:path";
import type { JsonObject } from "../../protocol/messages.ts";
import { asInteger, asObject, asString } from "../../protocol/messages.ts";
import type { Adapter } from "./adapter.ts";
import type { DapRequest } from "./dap.ts";
import { DapError, integerArgument, listArgument, textArgument } from "./dap.ts";
import { idleInfo } from "./debugging.ts";
import { debugHelperName } from "../../language/debug-helper-name.ts";
import { exceptionFilters } from "./exceptions.ts";
import { checked } from "./main-thread.ts";
import { threadId } from "./pauses.ts";
import { typeName } from "./value-text.ts";

type Handler = (adapter: Adapter, request: DapRequest) => JsonObject | Promise<JsonObject>;

/** The requests of the Debug Adapter Protocol, and Jupyter's additions to it (messaging.rst, "Debug request"). */
export const requests: Readonly<Record<string, Handler>> = {
  initialize,
  attach,
  launch: attach,
  configurationDone: () => ({}),
  disconnect,
  terminate: disconnect,
  debugInfo,
  dumpCell: ({ scripts }, request) => ({ sourcePath: scripts.keepSource(textArgument(request, "code")) }),
  source,
  modules,
  setBreakpoints,
  setExceptionBreakpoints,
  setFunctionBreakpoints: () => ({ breakpoints: [] }),
  threads: () => ({ threads: [{ id: threadId, name: "main" }] }),
  stackTrace,
  scopes: ({ frames }, request) => ({ scopes: frames.scopes(integerArgument(request, "frameId")) }),
  variables,
  inspectVariables,
  richInspectVariables,
  evaluate,
  setVariable,
  copyToGlobals,
  exceptionInfo,
  continue: async ({ pauses }) => (await pauses.resume(), { allThreadsContinued: true }),
  next: async ({ pauses }) => (await pauses.step("stepOver"), {}),
  stepIn: async ({ pauses }) => (await pauses.step("stepInto"), {}),
  stepOut: async ({ pauses }) => (await pauses.step("stepOut"), {}),
  pause: async ({ pauses }) => (await pauses.pause(), {}),
};

function initialize(adapter: Adapter, { arguments: { clientID } }: DapRequest): JsonObject {
  adapter.started = true;
  adapter.variables.showTypes = clientID !== "jupyterlab";
  return {
    supportsConfigurationDoneRequest: true,
    supportsEvaluateForHovers: true,
    supportsExceptionInfoRequest: true,
    supportsConditionalBreakpoints: true,
    supportsLogPoints: true,
    supportsModulesRequest: true,
    supportsSetVariable: true,
    supportsTerminateRequest: true,
    exceptionBreakpointFilters: exceptionFilters,
  };
}

async function attach(adapter: Adapter): Promise<JsonObject> {
  adapter.started = true;
  await adapter.attach();
  adapter.parts.emit("initialized", {});
  return {};
}

function disconnect(adapter: Adapter): JsonObject {
  const wasAttached = adapter.attached;
  adapter.dispose();
  if (wasAttached) adapter.parts.emit("terminated", {});
  return {};
}

function debugInfo({ started, breakpoints, pauses }: Adapter): JsonObject {
  return { ...idleInfo, isStarted: started, breakpoints: breakpoints.list(), stoppedThreads: pauses.current ? [threadId] : [] };
}

async function source({ scripts }: Adapter, { arguments: { source } }: DapRequest): Promise<JsonObject> {
  const path = asString(asObject(source)?.path);
  const content = await scripts.source(path);
  if (content === undefined) throw new DapError(`source: there is no source for ${JSON.stringify(path)}.`);
  return { content, mimeType: /\.[cm]?tsx?$/.test(path) ? "text/typescript" : "text/javascript" };
}

function modules({ scripts }: Adapter, { arguments: { startModule, moduleCount } }: DapRequest): JsonObject {
  const files = scripts.files();
  const start = asInteger(startModule, 0);
  const all = files.map((path, index) => ({ id: index, name: basename(path), path }));
  return { modules: all.slice(start, start + (asInteger(moduleCount, 0) || all.length)), totalModules: all.length };
}

async function setBreakpoints(adapter: Adapter, request: DapRequest): Promise<JsonObject> {
  if (!adapter.attached) throw new DapError("setBreakpoints: the debugger is not attached; send initialize and attach first.");
  const path = asString(asObject(request.arguments.source)?.path);
  if (path === "") throw new DapError("setBreakpoints: source.path must name a cell (see dumpCell) or a file.");
  return { breakpoints: await adapter.breakpoints.replace(path, listArgument(request, "breakpoints")) };
}

async function setExceptionBreakpoints({ exceptions, attached }: Adapter, { arguments: { filters } }: DapRequest): Promise<JsonObject> {
  if (!attached) throw new DapError("setExceptionBreakpoints: the debugger is not attached; send initialize and attach first.");
  const wanted = Array.isArray(filters) ? filters : [];
  await exceptions.filter(wanted);
  return { breakpoints: wanted.map((filter) => ({ verified: exceptionFilters.some((each) => each.filter === filter) })) };
}

async function stackTrace({ frames }: Adapter, { arguments: { startFrame, levels } }: DapRequest): Promise<JsonObject> {
  const all = await frames.list();
  const start = asInteger(startFrame, 0);
  return { stackFrames: all.slice(start, start + (asInteger(levels, 0) || all.length)), totalFrames: all.length };
}

async function variables({ variables }: Adapter, request: DapRequest): Promise<JsonObject> {
  const { start, count } = request.arguments;
  return { variables: await variables.members(integerArgument(request, "variablesReference"), { start: asInteger(start, 0), count: asInteger(count, 0) }) };
}

async function inspectVariables({ variables, pauses }: Adapter): Promise<JsonObject> {
  if (pauses.current === undefined) await variables.clear();
  return { variables: (await variables.globals()).map((each) => variables.describe(each)) };
}

async function richInspectVariables(adapter: Adapter, request: DapRequest): Promise<JsonObject> {
  const name = textArgument(request, "variableName");
  if (!isName(name)) throw new DapError(`richInspectVariables: ${JSON.stringify(name)} is not the name of a variable.`);
  const value = await adapter.valueOf(name, frameOf(adapter, request));
  const { data, metadata } = await adapter.main.render(value, adapter.isBusy);
  return { data, metadata };
}

async function evaluate(adapter: Adapter, request: DapRequest): Promise<JsonObject> {
  const code = textArgument(request, "expression");
  const frame = frameOf(adapter, request);
  const value = frame === undefined ? await evaluateGlobally(adapter, code) : await adapter.frames.evaluate(frame, code);
  const { value: result, ...rest } = adapter.variables.summary(value);
  return { result, ...rest };
}

/** In the notebook's scope. Declarations become the notebook's, as in a cell; statements can only be awaited while nothing runs. */
async function evaluateGlobally({ main, parts, isBusy }: Adapter, code: string): Promise<Runtime.RemoteObject> {
  const compiled = await parts.analyse("expression", code);
  if ("error" in compiled) throw new DapError(compiled.error);
  return compiled.isExpression || isBusy ? main.evaluate(compiled.code, { generatePreview: true }) : main.run(compiled.code);
}

async function setVariable({ variables, parts }: Adapter, request: DapRequest): Promise<JsonObject> {
  const compiled = await parts.analyse("expression", textArgument(request, "value"));
  if ("error" in compiled) throw new DapError(compiled.error);
  const expression = compiled.code.trim().replace(/;$/, "");
  const { value, type, variablesReference } = await variables.assign(integerArgument(request, "variablesReference"), textArgument(request, "name"), expression);
  return { value, type, variablesReference };
}

/** Makes a frame's variable one of the notebook's. */
async function copyToGlobals(adapter: Adapter, request: DapRequest): Promise<JsonObject> {
  const target = textArgument(request, "dstVariableName");
  if (!isName(target) || target === "this") throw new DapError(`copyToGlobals: ${JSON.stringify(target)} cannot be the name of a variable.`);
  const frameId = asInteger(request.arguments.srcFrameId, adapter.frames.top ?? 0);
  await adapter.frames.evaluate(frameId, `${debugHelperName}.copied = ${textArgument(request, "srcVariableName")}`);
  // In V8's REPL mode `let` may declare again. The answer comes only when the thread runs again: it is a promise.
  void adapter.cdp.post("Runtime.evaluate", { expression: `let ${target} = ${debugHelperName}.copied;`, replMode: true, silent: true }).catch(() => undefined);
  const value = checked(await adapter.cdp.post<Runtime.EvaluateReturnType>("Runtime.evaluate", { expression: target, silent: true, generatePreview: true, objectGroup: "potstill-debugger" }));
  adapter.parts.declare(`let ${target}: any;`);
  return { ...adapter.variables.summary(value) };
}

function exceptionInfo({ pauses: { exception } }: Adapter): JsonObject {
  if (exception === undefined) throw new DapError("exceptionInfo: the kernel's thread is not stopped at an exception.");
  const description = exception.description ?? String(exception.value);
  const message = description.split("\n    at ")[0];
  return { exceptionId: typeName(exception), description: message, breakMode: "always", details: { message, typeName: typeName(exception), stackTrace: description } };
}

/** The frame that a request names; while the thread stands still, otherwise the innermost. */
function frameOf({ frames }: Adapter, { arguments: { frameId } }: DapRequest): number | undefined {
  return Number.isInteger(frameId) ? (frameId as number) : frames.top;
}

const isName = (text: string): boolean => /^[\p{ID_Start}_$][\p{ID_Continue}$]*$/u.test(text);
