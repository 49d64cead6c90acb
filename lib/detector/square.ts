import { anchorLayout, type AnchorLayout } from "./anchor-layout.ts";
import { extractor, headNorm, levelStrides } from "./assemble.ts";
import { assignByAtss, atssTargets, type AtssTargets } from "./assign/atss-targets.ts";
import { originalObjects } from "./assign/rows.ts";
import type { Detector } from "./detector.ts";
import { denseHead, denseOutputs, type DenseHeadOptions } from "./heads/dense.ts";
import { oneStageDetector, type OneStageParts } from "./one-stage.ts";
import { parameterStore } from "./parameters.ts";
import type { AtssConfig } from "./presets/atss.ts";
import type { Resolved } from "./options/resolve.ts";

/** What ATSS's and GFL's configurations have in common. */
type SquareConfig = Resolved<Omit<AtssConfig, "coder" | "focal" | "boxLoss">>;

/** What tells ATSS and GFL apart. */
export interface SquareParts<T> extends Pick<OneStageParts<AnchorLayout, T>, "loss" | "boxes"> {
  readonly head: Pick<DenseHeadOptions, "boxOutputs" | "centerness">;
  /** What the head should say, of the positives that ATSS chose. */
  readonly targets: (chosen: AtssTargets, layout: AnchorLayout, strides: readonly number[]) => T;
  readonly readBoxes: (layout: AnchorLayout, strides: readonly number[]) => ReturnType<OneStageParts<AnchorLayout, T>["readBoxes"]>;
}

/** A detector with one square anchor per cell, whose positives ATSS chooses. */
export function squareDetector<T>(config: SquareConfig, { head: outputs, targets: wanted, loss, boxes, readBoxes }: SquareParts<T>): Detector {
  const { classes, channels, head: { convs, prior, norm: asked }, anchors, names } = config;
  const store = parameterStore(config.seed);
  const features = extractor(store, config);
  const norm = headNorm(asked, channels);
  const head = denseHead(store, { ...outputs, channels, classes, convs, prior, scales: true, activation: "none", levels: anchors.sizes.length, names: names.head, ...(norm && { norm }) });
  const strides = levelStrides(config.neck, anchors.sizes.length);
  return oneStageDetector<AnchorLayout, T>({
    config, store, strides, features, loss, boxes,
    predict: denseOutputs(head),
    split: head.split,
    layout: anchorLayout(anchors, strides),
    targets: (layout, targets) => wanted(atssTargets(layout, targets, config), layout, strides),
    readBoxes: (layout) => readBoxes(layout, strides),
    assigned: (layout, target) => originalObjects(assignByAtss(layout, [target], config)[0]),
  });
}
