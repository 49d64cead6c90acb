import type { HeadSplit } from "../detector.ts";
import { convLayer, type Layer, type Norm } from "../layers.ts";
import type { ParameterStore } from "../parameters.ts";
import { headInitialiser, priorBias, tower, untilOf, type Tower, type TowerNames } from "./tower.ts";

export type { Tower } from "./tower.ts";

/** Where a head keeps its parameters (names without `.weight`). */
export interface RetinaHeadNames extends TowerNames {
  final(tower: Tower): string;
}

export interface RetinaHeadOptions {
  readonly channels: number;
  /** Convolutions per tower before the last. */
  readonly convs: number;
  readonly classes: number;
  /** Anchors per cell. */
  readonly anchors: number;
  readonly norm?: Norm;
  /** Probability that the classifier starts from. */
  readonly prior: number;
  readonly names: RetinaHeadNames;
}

export interface RetinaHead {
  /** [B, H, W, C] → [B, H, W, A·K] */
  readonly classify: Layer;
  /** [B, H, W, C] → [B, H, W, A·4] */
  readonly regress: Layer;
  readonly split: Omit<HeadSplit, "boxes">;
}

/** Two towers of 3×3 convolutions, shared by all levels (Lin et al. 2017, section 4). */
export function retinaHead(store: ParameterStore, options: RetinaHeadOptions): RetinaHead {
  const { channels, classes, anchors, prior, names } = options;
  const branch = (kind: Tower, output: number, biasValue: number) => {
    const hidden = tower(store, kind, options);
    const final = convLayer(store, { input: channels, output, kernel: 3, initialiser: headInitialiser, group: "head", name: names.final(kind), biasValue });
    return { hidden, final };
  };
  const [scores, boxes] = [branch("class", anchors * classes, priorBias(prior)), branch("box", anchors * 4, 0)];
  return {
    classify: (x) => scores.final(scores.hidden.whole(x)),
    regress: (x) => boxes.final(boxes.hidden.whole(x)),
    split: {
      convs: options.convs,
      until: (pyramid, convs) => untilOf({ class: scores.hidden, box: boxes.hidden }, pyramid, convs),
      from: (maps, convs) => ({
        logits: maps.class.map((map) => scores.final(scores.hidden.from(map, convs))),
        boxes: maps.box.map((map) => boxes.final(boxes.hidden.from(map, convs))),
      }),
    },
  };
}
