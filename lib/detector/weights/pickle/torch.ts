import { dtypes, type Dtype } from "../dtypes.ts";
import { StoredView, type Storage } from "../tensor.ts";
import { globalTable, type GlobalTable } from "./globals.ts";
import { Inert, isKnown, sizeOf, textOf, type Call, type PickleValue } from "./values.ts";

/** Storage classes by PyTorch's names. */
const storages: ReadonlyMap<string, Dtype> = new Map(Object.entries({
  "torch.FloatStorage": dtypes.float32, "torch.DoubleStorage": dtypes.float64,
  "torch.HalfStorage": dtypes.float16, "torch.BFloat16Storage": dtypes.bfloat16,
  "torch.LongStorage": dtypes.int64, "torch.IntStorage": dtypes.int32, "torch.ShortStorage": dtypes.int16,
  "torch.CharStorage": dtypes.int8, "torch.ByteStorage": dtypes.uint8, "torch.BoolStorage": dtypes.bool,
  "torch.storage.UntypedStorage": dtypes.uint8,
}));

/** What a persistent id says of a storage: `("storage", class, key, location, elements, view)`. */
export interface StorageId {
  readonly key: string;
  readonly dtype: Dtype;
  readonly length: number;
  /** Only in old files: the part of the storage that this is: key, first element, elements. */
  readonly view: PickleValue;
}

/** Parses a persistent id; a string says what is wrong. */
export function storageId(id: PickleValue): StorageId | string {
  if (!Array.isArray(id) || textOf(id[0]) !== "storage") return "a reference to what is no storage";
  const [, type, rawKey, , elements, view = null] = id as PickleValue[];
  const [key, length] = [textOf(rawKey), sizeOf(elements)];
  const dtype = isKnown(type) ? storages.get(type.name) : undefined;
  if (dtype === undefined) return `a storage of class ${isKnown(type) ? type.name : "unknown"}`;
  if (key === undefined || key.length > 200 || length === undefined) return "a storage without key or size";
  return { key, dtype, length, view };
}

/** A storage as a value of the pickle. */
export class StorageValue {
  readonly storage: Storage;
  constructor(storage: Storage) {
    this.storage = storage;
  }
}

const maxRank = 64; // PyTorch's

function numbers(value: PickleValue): number[] | undefined {
  if (!Array.isArray(value) || value.length > maxRank) return undefined;
  const sizes = value.map(sizeOf);
  return sizes.includes(undefined) ? undefined : (sizes as number[]);
}

/** Arguments: storage, offset, shape, strides, and what training needs. */
function rebuildTensor({ args: [value, offset, shape, strides], fail }: Call): PickleValue {
  const [start, sizes, steps] = [sizeOf(offset), numbers(shape), numbers(strides)];
  if (!(value instanceof StorageValue)) return fail("a tensor without a storage");
  if (start === undefined || sizes === undefined || steps?.length !== sizes.length) return fail("a tensor whose offset, shape or strides are no whole numbers from 0");
  return new StoredView({ storage: value.storage, offset: start, shape: sizes, strides: steps });
}

/** A tensor of a subclass, or with attributes: the tensor alone. Arguments: function, class, its arguments, state. */
function rebuildFromType(call: Call): PickleValue {
  const [f, , args] = call.args;
  if (!isKnown(f) || f.call === undefined || !Array.isArray(args) || !f.name.startsWith("torch._utils._rebuild_")) return call.refuse("a tensor is rebuilt by an unknown function");
  return f.call({ ...call, args });
}

const first = ({ args }: Call): PickleValue => args[0];
const inert = (name: string) => [name, ({ args, work }: Call) => { work(8); return new Inert(name, args); }] as const;
const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, undefined]));

/** What PyTorch's files need. */
export const torchGlobals: GlobalTable = globalTable({
  "torch._utils._rebuild_tensor": rebuildTensor,
  "torch._utils._rebuild_tensor_v2": rebuildTensor,
  "torch._utils._rebuild_tensor_v3": rebuildTensor,
  "torch._utils._rebuild_parameter": first,
  "torch._utils._rebuild_parameter_with_state": first,
  "torch._tensor._rebuild_from_type_v2": rebuildFromType,
  "torch.Size": ({ args: [sizes], fail }) => numbers(sizes) ?? fail("a torch.Size of what are no whole numbers"),
  ...Object.fromEntries([inert("torch.device"), inert("torch.serialization._get_layout")]),
  ...named([...storages.keys()]),
  ...named(["torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.Parameter"]),
  ...named(["float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "float", "double", "half", "long", "int"].map((name) => `torch.${name}`)),
});
