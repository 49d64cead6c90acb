import { describe, expect, it } from "vitest";
import { pasteMasks, pasteValues } from "../../lib/tensor/masks/paste.ts";
import type { PasteConvention } from "../../lib/tensor/masks/paste.ts";
import { decodeRle } from "../../lib/tensor/masks/rle.ts";
import { rleFrom } from "../../lib/tensor/masks/segmentation.ts";
import { allCases, casesOf, checkKeys, expectTensor, make } from "./detectors-oracle.ts";
import type { Expected, Formula, Whole } from "./detectors-oracle.ts";

interface StoredRle { readonly size: readonly [number, number]; readonly counts: string }
interface PasteExpected { readonly torchvision: Expected; readonly mmdet: Expected; readonly torchvision_rle: StoredRle[]; readonly mmdet_rle: StoredRle[] }

/** 5 × 5 mean, stride 1, zeros beyond the edges counted. */
function blurred(masks: Float32Array, side: number): Float32Array {
  return Float32Array.from(masks, (_, i) => {
    const [n, y, x] = [Math.floor(i / (side * side)), Math.floor(i / side) % side, i % side];
    let sum = 0;
    for (let v = Math.max(0, y - 2); v <= Math.min(side - 1, y + 2); v++) for (let u = Math.max(0, x - 2); u <= Math.min(side - 1, x + 2); u++) sum += masks[n * side * side + v * side + u];
    return sum / 25;
  });
}

describe.skipIf(allCases.length === 0)("oracles: mask paste", () => {
  it.each(casesOf<{ size: [number, number] }, { masks: Formula; boxes: Whole }, PasteExpected>("torchvision paste_masks_in_image"))("%s", (name, { params, inputs, expected, tolerance }) => {
    checkKeys(name, { ...params, ...inputs, ...expected }, ["size", "masks", "boxes", "torchvision", "mmdet", "torchvision_rle", "mmdet_rle"]);
    const size = { height: params.size[0], width: params.size[1] };
    const [n, , side] = inputs.masks.shape;
    const masks = blurred(make(inputs.masks), side);
    const boxes = Float32Array.from(inputs.boxes.data, Number);
    const compare = (convention: PasteConvention, values: Expected, stored: readonly StoredRle[]) => {
      const each = Array.from({ length: n }, (_, i) => pasteValues({ values: masks.subarray(i * side * side, (i + 1) * side * side), height: side, width: side }, boxes.subarray(4 * i, 4 * i + 4), { convention, size }));
      expectTensor(`${name}: ${convention}`, { shape: values.shape, data: Float32Array.from(each.flatMap((one) => [...one])) }, values, tolerance as number);
      pasteMasks(masks, boxes, { convention, size }).forEach((mask, i) => {
        const [ours, theirs] = [decodeRle(mask), decodeRle(rleFrom(stored[i], size))];
        ours.forEach((pixel, at) => {
          if (pixel !== theirs[at]) expect(Math.abs(each[i][at] - 0.5), `${name}: ${convention} mask ${i}, pixel ${at}`).toBeLessThan(1e-4);
        });
      });
    };
    compare("torchvision", expected.torchvision, expected.torchvision_rle);
    compare("mmdet", expected.mmdet, expected.mmdet_rle);
  });
});
