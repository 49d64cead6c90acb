import { convLayer, type Layer, type Norm } from "../layers.ts";
import type { ParameterStore } from "../parameters.ts";

export type Tower = "class" | "box";

/** Where a head keeps its parameters (names without `.weight`). */
export interface RetinaHeadNames {
  tower(tower: Tower, index: number): string;
  /** Norm of a tower's convolution. */
  norm(tower: Tower, index: number): string;
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
  /** Probability that the classifier starts from; its bias is −log((1 − π) / π). */
  readonly prior: number;
  readonly names: RetinaHeadNames;
}

export interface RetinaHead {
  /** [B, H, W, C] → [B, H, W, A·K] */
  readonly classify: Layer;
  /** [B, H, W, C] → [B, H, W, A·4] */
  readonly regress: Layer;
}

/** Two towers of 3×3 convolutions, shared by all levels (Lin et al. 2017, section 4); everything starts from N(0, 0.01²). */
export function retinaHead(store: ParameterStore, options: RetinaHeadOptions): RetinaHead {
  const { channels, classes, anchors, prior } = options;
  return {
    classify: tower(store, options, { kind: "class", output: anchors * classes, bias: -Math.log((1 - prior) / prior) }),
    regress: tower(store, options, { kind: "box", output: anchors * 4, bias: 0 }),
  };

  function tower(owner: ParameterStore, { convs, norm, names }: RetinaHeadOptions, last: { kind: Tower; output: number; bias: number }): Layer {
    const initialiser = { kind: "normal", deviation: 0.01 } as const;
    const common = { input: channels, kernel: 3, initialiser, group: "head" } as const;
    const hidden = Array.from({ length: convs }, (_, i) => {
      const withNorm = norm === undefined ? {} : { norm, normName: names.norm(last.kind, i) };
      return convLayer(owner, { ...common, ...withNorm, name: names.tower(last.kind, i), output: channels, relu: true });
    });
    const final = convLayer(owner, { ...common, name: names.final(last.kind), output: last.output, biasValue: last.bias });
    return (x) => final(hidden.reduce((y, layer) => layer(y), x));
  }
}
