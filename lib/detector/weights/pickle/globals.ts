import { WeightFileError } from "../source.ts";
import { ByteString, Inert, KnownGlobal, textOf, type Call, type Known, type PickleValue } from "./values.ts";

/** Globals by `module.name`, with Python 3's names of the modules. */
export type GlobalTable = ReadonlyMap<string, Known>;

/** Python 2's names of modules. */
const renamed: ReadonlyMap<string, string> = new Map([["__builtin__", "builtins"], ["copy_reg", "copyreg"], ["cPickle", "pickle"]]);

/**
 * Finds globals in tables, else among the classes that are kept as plain data.
 * @throws WeightFileError naming a global that is in none of them
 */
export function globalResolver(path: string, tables: readonly GlobalTable[]): (module: string, name: string) => Known {
  return (module, name) => {
    const full = `${renamed.get(module) ?? module}.${name}`;
    for (const table of tables) {
      const known = table.get(full);
      if (known !== undefined) return known;
    }
    if (isInert(full)) return inertClass(full);
    throw new WeightFileError(`${path} is refused: it asks for ${describe(full)}, which is no part of a file of weights. Nothing of it was executed. ${remedy(full)}`);
  };
}

function describe(full: string): string {
  const [, name] = /^(?:posix|nt)\.(\w+)$/.exec(full) ?? [];
  return name === undefined ? full.slice(0, 200) : `os.${name} (as ${full})`;
}

function remedy(full: string): string {
  return /^(os|posix|nt|subprocess|builtins|sys|importlib|runpy|socket|shutil|pty|ctypes|code|pickle|webbrowser)\./.test(full)
    ? "A file that asks for it tries to run commands: delete it, and fetch the weights from a source that you trust"
    : "If you trust the file, save its weights alone in Python: torch.save(model.state_dict(), \"weights.pth\")";
}

/** Classes of settings and histories beside the weights: they are read as data and never made. */
const inertNames = new Set([
  "argparse.Namespace", "types.SimpleNamespace", "datetime.datetime", "datetime.date", "datetime.timedelta",
  "pathlib.Path", "pathlib.PosixPath", "pathlib.PurePosixPath", "pathlib.WindowsPath", "pathlib.PureWindowsPath",
  "addict.addict.Dict", "yacs.config.CfgNode", "fvcore.common.config.CfgNode", "detectron2.config.config.CfgNode", "uuid.UUID",
]);

/** Packages all of whose classes are read as data. */
const inertPackages = /^(mmengine|mmcv|omegaconf)(\.\w+)+$/;

function isInert(full: string): boolean {
  return inertNames.has(full) || inertPackages.test(full);
}

/** A class whose objects are kept as data. */
export function inertClass(name: string): Known {
  return new KnownGlobal(name, ({ args, work }) => { work(8); return new Inert(name, args); });
}

const table = (entries: Readonly<Record<string, ((call: Call) => PickleValue) | undefined>>): GlobalTable =>
  new Map(Object.entries(entries).map(([name, call]) => [name, new KnownGlobal(name, call)]));

export { table as globalTable };

function items({ args, work, fail }: Call, position = 0): readonly PickleValue[] {
  const value = args[position] ?? [];
  const list = value instanceof Set || value instanceof Map ? [...value] : value;
  if (!Array.isArray(list)) return fail("a container is made of what is no list");
  work(list.length + 8);
  return list;
}

function mapOf(call: Call, position = 0): Map<PickleValue, PickleValue> {
  const pairs = items(call, position).map((pair): [PickleValue, PickleValue] => {
    if (!Array.isArray(pair) || pair.length !== 2) return call.fail("a dict is made of what are no pairs");
    return [textOf(pair[0]) ?? pair[0], pair[1]];
  });
  return new Map(pairs);
}

/** `getattr` on a class that is data gives data (histories of mmengine name their statistics so); on anything else it is refused. */
function getAttribute({ args: [owner, name], refuse }: Call): PickleValue {
  const attribute = textOf(name);
  if (owner instanceof KnownGlobal && isInert(owner.name) && attribute !== undefined) return inertClass(`${owner.name}.${attribute}`);
  return refuse("it asks for builtins.getattr on what is not plain data");
}

/** An object of protocol 0 or 1: class, base, state. */
function reconstruct({ args: [type], work, refuse }: Call): PickleValue {
  work(8);
  if (type instanceof KnownGlobal && isInert(type.name)) return new Inert(type.name, []);
  return refuse(`it makes an object of ${type instanceof KnownGlobal ? type.name : "what is no class"}`);
}

/** `_codecs.encode(text, "latin1")`: how Python 3 writes bytes in protocol 2. */
function encode({ args: [value, encoding], budget, fail }: Call): PickleValue {
  const name = typeof encoding === "string" ? encoding : "";
  if (typeof value !== "string" || (name !== "latin1" && name !== "latin-1")) return fail("it encodes what is no latin1 text");
  budget(value.length, "text turned into bytes");
  return new Uint8Array(Buffer.from(value, "latin1"));
}

/** Python's own containers, and types that may be named but not called. */
export const pythonGlobals: GlobalTable = table({
  "collections.OrderedDict": (call) => mapOf(call),
  "collections.defaultdict": (call) => mapOf(call, 1),
  "collections.Counter": (call) => (call.args[0] instanceof Map ? call.args[0] : mapOf(call)),
  "builtins.dict": (call) => mapOf(call),
  "builtins.list": (call) => [...items(call)],
  "builtins.tuple": (call) => [...items(call)],
  "builtins.set": (call) => new Set(items(call)),
  "builtins.frozenset": (call) => new Set(items(call)),
  "builtins.bytearray": ({ args }) => (args[0] instanceof ByteString ? args[0].bytes : args[0] ?? new Uint8Array(0)),
  "builtins.bytes": ({ args }) => args[0] ?? new Uint8Array(0),
  "builtins.getattr": getAttribute,
  "builtins.complex": ({ args }) => new Inert("builtins.complex", args),
  "builtins.slice": ({ args }) => new Inert("builtins.slice", args),
  "builtins.object": undefined, "builtins.int": undefined, "builtins.float": undefined, "builtins.bool": undefined, "builtins.str": undefined,
  "copyreg._reconstructor": reconstruct,
  "_codecs.encode": encode,
});
