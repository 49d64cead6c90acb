import { convLayer, type Layer } from "../layers.ts";
import type { ParameterStore } from "../parameters.ts";

/** Where a region proposal network keeps its parameters (names without `.weight`). */
export interface RpnNames {
  readonly conv: string;
  readonly class: string;
  readonly box: string;
}

export const torchvisionRpnNames: RpnNames = { conv: "rpn.head.conv.0.0", class: "rpn.head.cls_logits", box: "rpn.head.bbox_pred" };
export const mmdetRpnNames: RpnNames = { conv: "rpn_head.rpn_conv", class: "rpn_head.rpn_cls", box: "rpn_head.rpn_reg" };
export const detectron2RpnNames: RpnNames = {
  conv: "proposal_generator.rpn_head.conv",
  class: "proposal_generator.rpn_head.objectness_logits",
  box: "proposal_generator.rpn_head.anchor_deltas",
};

export interface RpnHeadOptions {
  readonly channels: number;
  /** Anchors per cell. */
  readonly anchors: number;
  readonly names: RpnNames;
}

/** Ren et al. 2015, section 3.1: a 3×3 convolution with ReLU, then objectness and box deltas by 1×1 ones; all N(0, 0.01²). */
export function rpnHead(store: ParameterStore, { channels, anchors, names }: RpnHeadOptions): { readonly conv: Layer; readonly classify: Layer; readonly regress: Layer } {
  const common = { input: channels, initialiser: { kind: "normal", deviation: 0.01 }, group: "head" } as const;
  return {
    conv: convLayer(store, { ...common, name: names.conv, output: channels, kernel: 3, relu: true }),
    classify: convLayer(store, { ...common, name: names.class, output: anchors, kernel: 1 }),
    regress: convLayer(store, { ...common, name: names.box, output: 4 * anchors, kernel: 1 }),
  };
}
