import { byteReader } from "./pickle/reader.ts";
import { globalResolver, pythonGlobals } from "./pickle/globals.ts";
import { readPickle } from "./pickle/machine.ts";
import { numpyGlobals } from "./pickle/numpy.ts";
import { StorageValue, storageId, torchGlobals, type StorageId } from "./pickle/torch.ts";
import { sizeOf, textOf, type PickleValue } from "./pickle/values.ts";
import { WeightFileError, type Budget, type ByteSource } from "./source.ts";
import type { Storage } from "./tensor.ts";
import { entryStart, readEntryBytes, zipEntries, type ZipEntry } from "./zip.ts";

const tables = [torchGlobals, pythonGlobals, numpyGlobals];

function failure({ path }: ByteSource): (what: string) => never {
  return (what) => { throw new WeightFileError(`${path} is no usable PyTorch checkpoint: ${what}. Fetch it again, or save it anew with torch.save(model.state_dict(), "weights.pth")`); };
}

/**
 * Reads the object of a `.pth` of PyTorch ≥ 1.6: a zip archive with `data.pkl` and one member per storage. Storages are
 * read when tensors are. CRCs of stored members are not checked, as PyTorch may leave them out.
 * @throws WeightFileError
 */
export function readPytorchZip(source: ByteSource, budget: Budget): PickleValue {
  const fail = failure(source);
  const entries = zipEntries(source);
  const main = [...entries.keys()].filter((name) => /^[^/]+\/data\.pkl$/.test(name) || name === "data.pkl");
  if (main.length !== 1) fail(`it has ${main.length} members named data.pkl, one is needed; its members: ${[...entries.keys()].slice(0, 5).join(", ")}`);
  const root = main[0].slice(0, -"data.pkl".length);
  if (entries.has(`${root}constants.pkl`)) fail("it is a TorchScript program, not a state dict");
  checkByteOrder(source, entries.get(`${root}byteorder`), { budget, fail });
  const open = storageReader(source, budget);
  const persistent = (value: PickleValue): PickleValue => {
    const id = storageId(value);
    if (typeof id === "string") return fail(id);
    const entry = entries.get(`${root}data/${id.key}`);
    if (entry === undefined) return fail(`member ${root}data/${id.key.slice(0, 40)} is missing`);
    if (id.length * id.dtype.size > entry.size) fail(`storage ${id.key} of ${id.length} ${id.dtype.name} has only ${entry.size} bytes`);
    return new StorageValue(open(id, entry));
  };
  const pickle = readEntryBytes(source, entries.get(main[0])!, budget);
  const reader = byteReader({ path: source.path, size: pickle.length, read: (at, length) => pickle.slice(at, at + length), close: () => undefined });
  return readPickle(reader, { path: source.path, budget, resolve: globalResolver(source.path, tables), persistent });
}

function checkByteOrder(source: ByteSource, entry: ZipEntry | undefined, { budget, fail }: { budget: Budget; fail: (what: string) => never }): void {
  if (entry === undefined) return;
  const order = entry.size > 16 ? "" : Buffer.from(readEntryBytes(source, entry, budget)).toString("latin1");
  if (order !== "little") fail(`its numbers are ${order === "big" ? "big-endian" : "of an unknown byte order"}; only little-endian ones can be read`);
}

/** Opens members as storages; the last deflated one stays inflated, for tensors that share it. */
function storageReader(source: ByteSource, budget: Budget): (id: StorageId, entry: ZipEntry) => Storage {
  const starts = new Map<string, number>();
  let last: { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;
  const inflated = (entry: ZipEntry) => {
    if (last?.name !== entry.name) last = { name: entry.name, bytes: readEntryBytes(source, entry, () => undefined) };
    return last.bytes;
  };
  return ({ dtype, length }, entry) => {
    const start = starts.get(entry.name) ?? entryStart(source, entry);
    if (entry.deflated && !starts.has(entry.name)) budget(entry.size + entry.compressed, `member ${entry.name} (${entry.compressed} bytes that inflate to ${entry.size}, as in a zip bomb)`);
    starts.set(entry.name, start);
    return {
      dtype,
      length,
      read: (first, count) => (entry.deflated
        ? inflated(entry).slice(first * dtype.size, (first + count) * dtype.size)
        : source.read(start + first * dtype.size, count * dtype.size)),
    };
  };
}

/** The first pickle of PyTorch's older files, protocol 2: the number 0x1950a86a20f9469cfc6c. */
export const legacyMagic = Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex");

/**
 * Reads the object of a `.pth` of PyTorch < 1.6: pickles of a magic number, the protocol, the machine, the object and the
 * storages' keys, then per storage its element count (int64) and its elements.
 * @throws WeightFileError
 */
export function readPytorchLegacy(source: ByteSource, budget: Budget): PickleValue {
  const fail = failure(source);
  const reader = byteReader(source);
  const resolve = globalResolver(source.path, tables);
  const plain = () => readPickle(reader, { path: source.path, budget, resolve });
  plain(); // the magic number, seen before
  if (plain() !== 1001) fail("its protocol is not 1001, the only one there was");
  const machine = plain();
  if (machine instanceof Map && machine.get("little_endian") === false) fail("its numbers are big-endian; only little-endian ones can be read");
  const roots = new Map<string, LegacyStorage>();
  const value = readPickle(reader, { path: source.path, budget, resolve, persistent: (id) => legacyStorage(source, roots, id, fail) });
  placeStorages(source, { keys: plain(), roots, position: reader.position(), fail });
  return value;
}

/** A storage whose place in the file is known only after the object was read. */
interface LegacyStorage extends Storage {
  start: number | undefined;
}

function legacyStorage(source: ByteSource, roots: Map<string, LegacyStorage>, value: PickleValue, fail: (what: string) => never): StorageValue {
  const id = storageId(value);
  if (typeof id === "string") return fail(id);
  const { key, dtype, length } = id;
  const root = roots.get(key) ?? makeLegacyStorage(source, id, fail);
  if (root.dtype !== dtype || root.length !== length) fail(`storage ${key} is there with two types or sizes`);
  roots.set(key, root);
  return new StorageValue(id.view === null ? root : partOf(root, id.view, fail));
}

function makeLegacyStorage(source: ByteSource, { key, dtype, length }: StorageId, fail: (what: string) => never): LegacyStorage {
  if (length * dtype.size > source.size) fail(`storage ${key} of ${length} ${dtype.name} is larger than the file (${source.size} bytes): the file is truncated`);
  const storage: LegacyStorage = {
    dtype,
    length,
    start: undefined,
    read: (first, count) => source.read((storage.start ?? fail(`storage ${key} is missing`)) + first * dtype.size, count * dtype.size),
  };
  return storage;
}

/** A view of a storage: key, first element, elements. */
function partOf(root: LegacyStorage, view: PickleValue, fail: (what: string) => never): Storage {
  const [first, length] = Array.isArray(view) ? [sizeOf(view[1]), sizeOf(view[2])] : [];
  if (first === undefined || length === undefined || first + length > root.length) return fail("a part of a storage reaches beyond it");
  return { dtype: root.dtype, length, read: (start, count) => root.read(first + start, count) };
}

interface Placing {
  readonly keys: PickleValue;
  readonly roots: ReadonlyMap<string, LegacyStorage>;
  readonly position: number;
  readonly fail: (what: string) => never;
}

function placeStorages(source: ByteSource, { keys, roots, position, fail }: Placing): void {
  if (!Array.isArray(keys)) return fail("it has no list of storages");
  let at = position;
  for (const rawKey of keys as PickleValue[]) {
    const storage = roots.get(textOf(rawKey) ?? "");
    if (storage === undefined) return fail("its list of storages names one that no tensor uses");
    const bytes = source.read(at, 8);
    const length = Number(new DataView(bytes.buffer).getBigInt64(0, true));
    if (length !== storage.length) fail(`a storage of ${storage.length} elements is stored with ${length}`);
    storage.start = at + 8;
    at += 8 + length * storage.dtype.size;
    if (at > source.size) fail(`its storages end at byte ${at}, the file at ${source.size}: it is truncated`);
  }
  const absent = [...roots].find(([, { start }]) => start === undefined);
  if (absent !== undefined) fail(`storage ${absent[0].slice(0, 40)} is missing`);
}
