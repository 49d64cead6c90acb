import { pytorchDefault, type Initialiser } from "../parameters.ts";
import type { FasterRcnnConfig } from "../two-stage-config.ts";
import type { BoxHeadOptions } from "../heads/box.ts";
import type { BoxStageOptions } from "./box-stage.ts";

/** A detector's configuration as its box stage wants it. */
export function boxStageOptions({ channels, classes, names, roi, box }: Pick<FasterRcnnConfig, "channels" | "names" | "roi" | "box"> & { readonly classes: number }, strides: readonly number[]): BoxStageOptions {
  const { size, hidden, background, agnostic, coder, beta } = box;
  return {
    head: { classes, background, agnostic, channels, size, hidden, names: names.box, initialiser: initialisers[box.initialiser] },
    extract: { ...roi, strides },
    loss: { coder, beta },
  };
}

const normal = (deviation: number) => (): Initialiser => ({ kind: "normal", deviation });

/**
 * How the references draw a box head's first weights: torchvision leaves PyTorch's own, biases included; mmdetection (Xavier
 * and normal) and detectron2 (`c2_xavier_fill`) start biases at 0.
 */
const initialisers: Readonly<Record<"torchvision" | "mmdet" | "detectron2", BoxHeadOptions["initialiser"]>> = {
  torchvision: { hidden: pytorchDefault, class: pytorchDefault, box: pytorchDefault, bias: pytorchDefault },
  mmdet: { hidden: (fanIn, fanOut) => ({ kind: "xavier-uniform", fanIn, fanOut }), class: normal(0.01), box: normal(0.001) },
  detectron2: { hidden: (fanIn) => ({ kind: "kaiming-uniform", fan: fanIn }), class: normal(0.01), box: normal(0.001) },
};
