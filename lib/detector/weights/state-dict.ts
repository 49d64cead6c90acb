import { NumpyArray } from "./pickle/numpy.ts";
import { Inert, textOf, type PickleValue } from "./pickle/values.ts";
import { WeightFileError, type Budget } from "./source.ts";
import { StoredView, weightTensor, type WeightTensor } from "./tensor.ts";

/** Where checkpoints keep their weights, in the order in which they are looked for. */
const containers = ["state_dict", "model", "model_state_dict", "model_state", "blobs", "weights"];

/** What training keeps beside the weights in the same dict (Caffe2's momentum). */
const ignored = /_momentum$|^weight_order$/;

export interface StateDict {
  readonly tensors: ReadonlyMap<string, WeightTensor>;
  /** Short texts and numbers beside the weights: versions, authors. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Finds the weights in what a pickle held: a dict of tensors or numpy arrays, itself or under one of the usual keys
 * (`state_dict`, `model`, `blobs` …). `module.` before every name (DataParallel's) is taken away.
 * @throws WeightFileError when there are none, naming what there is
 */
export function stateDict(path: string, value: PickleValue, budget: Budget): StateDict {
  const found = findWeights(value);
  if (found === undefined) throw new WeightFileError(`${path} holds no weights: ${describe(value)}. A state dict is needed, by itself or under one of ${containers.join(", ")}: torch.save(model.state_dict(), "weights.pth")`);
  const views = [...found].flatMap(([key, entry]) => viewOf(textOf(key) ?? "", entry));
  const parallel = views.every(([name]) => name.startsWith("module."));
  const tensors = new Map(views.map(([full, view]) => {
    const name = parallel ? full.slice("module.".length) : full;
    return [name, weightTensor(view, `${path}: tensor ${name}`, budget)] as const;
  }));
  return { tensors, metadata: value instanceof Map ? metadataOf(value) : {} };
}

type Dict = ReadonlyMap<PickleValue, PickleValue>;

function findWeights(value: PickleValue, depth = 0): Dict | undefined {
  if (!(value instanceof Map) || depth > 3) return undefined;
  const dict: Dict = value;
  const inner = containers.filter((key) => dict.get(key) instanceof Map).map((key) => findWeights(dict.get(key), depth + 1));
  return inner.find((weights) => weights !== undefined) ?? (hasTensor(dict) ? dict : undefined);
}

function hasTensor(dict: Dict): boolean {
  for (const entry of dict.values()) if (entry instanceof StoredView || entry instanceof NumpyArray) return true;
  return false;
}

function viewOf(name: string, entry: PickleValue): [string, StoredView][] {
  if (name === "" || name.length > 500 || ignored.test(name)) return [];
  const view = entry instanceof NumpyArray ? entry.view() : entry;
  return view instanceof StoredView ? [[name, view]] : [];
}

function describe(value: PickleValue): string {
  if (value instanceof Map) return `it is a dict of ${[...value.keys()].slice(0, 8).map((key) => (textOf(key) ?? typeof key).slice(0, 40)).join(", ") || "nothing"}`;
  if (value instanceof Inert) return `it is an object of ${value.type}`;
  if (value instanceof StoredView) return "it is one tensor without a name";
  return Array.isArray(value) ? `it is a list of ${value.length} values` : `it is ${value === null ? "None" : typeof value}`;
}

function metadataOf(value: Dict): Record<string, string> {
  const own = scalars(value);
  const meta = value.get("meta");
  return { ...own, ...(meta instanceof Map ? scalars(meta) : {}) };
}

/** Entries that are short texts or numbers. */
function scalars(value: Dict): Record<string, string> {
  const entries = [...value].flatMap(([rawKey, entry]) => {
    const [key, text] = [textOf(rawKey), typeof entry === "number" ? String(entry) : textOf(entry)];
    return key !== undefined && key.length <= 60 && text !== undefined && text.length <= 200 ? [[key, text] as const] : [];
  });
  return Object.fromEntries(entries.slice(0, 50));
}
