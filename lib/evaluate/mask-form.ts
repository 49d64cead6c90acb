import type { MaskForm } from "../tensor/masks/segmentation.ts";
import { keyTable } from "./json-bytes.ts";
import type { JsonBytes } from "./json-bytes.ts";

const KEYS = keyTable(["counts", "size"]);

/**
 * Reads a `segmentation`: polygons, or {counts, size} with numbers or text. What is inside is checked by `maskOf`.
 * @param refuse throws, told what was found
 */
export function readMaskForm(json: JsonBytes, refuse: (found: string) => never): MaskForm {
  const kind = json.kind();
  if (kind === "array") return list(json, refuse, () => numbers(json, refuse));
  if (kind !== "object") return refuse(`a value of kind "${kind}"`);
  let counts: string | number[] | undefined;
  let size: number[] | undefined;
  for (let more = json.enterObject(); more; more = json.nextKey()) {
    const place = json.key(KEYS);
    if (place < 0) json.skip();
    else if (place === 1) size = numbers(json, refuse);
    else counts = json.kind() === "string" ? json.string() : numbers(json, refuse);
  }
  if (counts === undefined || size === undefined) return refuse(`an object without "${counts === undefined ? "counts" : "size"}"`);
  return { counts, size };
}

function list<Item>(json: JsonBytes, refuse: (found: string) => never, item: () => Item): Item[] {
  if (json.kind() !== "array") refuse(`a value of kind "${json.kind()}" where a list must stand`);
  const items: Item[] = [];
  for (let more = json.enterArray(); more; more = json.nextItem()) items.push(item());
  return items;
}

function numbers(json: JsonBytes, refuse: (found: string) => never): number[] {
  return list(json, refuse, () => (json.kind() === "number" ? json.number() : refuse(`a list with a value of kind "${json.kind()}" where a number must stand`)));
}
