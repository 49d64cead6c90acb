import type { FpnNames } from "./necks/fpn.ts";
import type { BackboneNames } from "./backbones/build.ts";
import { detectron2RegNetNames, mmdetRegNetNames, torchvisionRegNetNames } from "./backbones/regnet.ts";
import { detectron2ResNetNames, torchvisionResNetNames } from "./backbones/resnet.ts";
import type { DenseHeadNames } from "./heads/dense.ts";
import type { RetinaHeadNames } from "./heads/retina.ts";

/** A reference implementation's parameter names for the parts of a RetinaNet. */
export interface ReferenceNames extends BackboneNames {
  readonly fpn: FpnNames;
  readonly head: RetinaHeadNames;
}

const subnet = { class: "classification_head", box: "regression_head" } as const;
const torchvisionFinal = { class: "cls_logits", box: "bbox_reg" } as const;

/** torchvision 0.14's `retinanet_resnet50_fpn` (and `_v2`, whose norms follow their convolutions). */
export const torchvisionNames: ReferenceNames = {
  prefix: "backbone.body.",
  resNet: torchvisionResNetNames("backbone.body."),
  regNet: torchvisionRegNetNames("backbone.body."),
  fpn: torchvisionFpn("backbone.fpn."),
  head: {
    tower: (tower, i) => `head.${subnet[tower]}.conv.${i}.0`,
    norm: (tower, i) => `head.${subnet[tower]}.conv.${i}.1`,
    final: (tower) => `head.${subnet[tower]}.${torchvisionFinal[tower]}`,
  },
};

/** torchvision's FeaturePyramidNetwork. */
export function torchvisionFpn(prefix: string): FpnNames {
  return {
    lateral: (level) => `${prefix}inner_blocks.${level}.0`,
    output: (level) => `${prefix}layer_blocks.${level}.0`,
    extra: (index) => `${prefix}extra_blocks.p${6 + index}`,
  };
}

/** mmdetection's FPN, whose extra levels follow the outputs. */
export function mmdetFpn(prefix: string): FpnNames {
  return {
    lateral: (level) => `${prefix}lateral_convs.${level}.conv`,
    output: (level) => `${prefix}fpn_convs.${level}.conv`,
    extra: (index, levels) => `${prefix}fpn_convs.${levels + index}.conv`,
  };
}

/** detectron2's FPN, which counts levels as the pyramid does: `first` is the finest, 2 or 3. */
export function detectron2Fpn(prefix: string, first: number): FpnNames {
  return {
    lateral: (level) => `${prefix}fpn_lateral${first + level}`,
    output: (level) => `${prefix}fpn_output${first + level}`,
    extra: (index) => `${prefix}top_block.p${6 + index}`,
  };
}

const short = { class: "cls", box: "reg" } as const;

/** mmdetection 2 and 3. */
export const mmdetNames: ReferenceNames = {
  prefix: "backbone.",
  resNet: torchvisionResNetNames("backbone."),
  regNet: mmdetRegNetNames("backbone."),
  fpn: mmdetFpn("neck."),
  head: {
    tower: (tower, i) => `bbox_head.${short[tower]}_convs.${i}.conv`,
    norm: (tower, i) => `bbox_head.${short[tower]}_convs.${i}.gn`,
    final: (tower) => `bbox_head.retina_${short[tower]}`,
  },
};

const subnetOf = { class: "cls_subnet", box: "bbox_subnet" } as const;

/** detectron2's RetinaNet (`meta_arch/retinanet.py`, RetinaNetHead): each tower is one list of convolution, norm if it has one, and ReLU. */
export const detectron2Names: ReferenceNames = {
  prefix: "backbone.bottom_up.",
  resNet: detectron2ResNetNames("backbone.bottom_up."),
  regNet: detectron2RegNetNames("backbone.bottom_up."),
  fpn: detectron2Fpn("backbone.", 3),
  head: {
    tower: (tower, i, normed) => `head.${subnetOf[tower]}.${(normed ? 3 : 2) * i}`,
    norm: (tower, i) => `head.${subnetOf[tower]}.${3 * i + 1}`,
    final: (tower) => (tower === "class" ? "head.cls_score" : "head.bbox_pred"),
  },
};

/** Parameter names for the parts of FCOS, ATSS and GFL. */
export interface DenseNames extends Omit<ReferenceNames, "head"> {
  readonly head: DenseHeadNames;
}

const torchvisionOutputs = { class: "classification_head.cls_logits", box: "regression_head.bbox_reg", centerness: "regression_head.bbox_ctrness" } as const;

/** torchvision 0.14's `fcos_resnet50_fpn`: each tower is one list of convolution, norm and ReLU. It has no scales. */
export const torchvisionFcosNames: DenseNames = {
  ...torchvisionNames,
  head: {
    tower: (tower, i) => `head.${subnet[tower]}.conv.${3 * i}`,
    norm: (tower, i) => `head.${subnet[tower]}.conv.${3 * i + 1}`,
    final: (output) => `head.${torchvisionOutputs[output]}`,
    scale: (level) => `head.regression_head.scales.${level}.scale`,
  },
};

/** mmdetection's names of a head whose outputs are called so. */
function mmdetDenseNames(outputs: Readonly<Record<"class" | "box" | "centerness", string>>): DenseNames {
  return { ...mmdetNames, head: { ...mmdetNames.head, final: (output) => `bbox_head.${outputs[output]}`, scale: (level) => `bbox_head.scales.${level}.scale` } };
}

export const mmdetFcosNames = mmdetDenseNames({ class: "conv_cls", box: "conv_reg", centerness: "conv_centerness" });
export const mmdetAtssNames = mmdetDenseNames({ class: "atss_cls", box: "atss_reg", centerness: "atss_centerness" });
/** GFL has no centre-ness. */
export const mmdetGflNames = mmdetDenseNames({ class: "gfl_cls", box: "gfl_reg", centerness: "gfl_centerness" });

/** detectron2's (`meta_arch/fcos.py`) and cvpods' FCOS, which LGD took over; they call centre-ness differently. detectron2's has no scales. */
function detectron2FcosNames(centerness: string): DenseNames {
  const outputs = { class: "cls_score", box: "bbox_pred", centerness } as const;
  return {
    ...detectron2Names,
    head: {
      ...detectron2Names.head,
      final: (output) => `head.${outputs[output]}`,
      scale: (level) => `head.scales.${level}.scale`,
    },
  };
}

export const detectron2OwnFcosNames = detectron2FcosNames("ctrness");
export const cvpodsFcosNames = detectron2FcosNames("centerness");
