import { detectron2BoxNames, mmdetBoxNames, torchvisionBoxNames } from "./roi/box-names.ts";
import { detectron2RpnNames, mmdetRpnNames, torchvisionRpnNames } from "./heads/rpn.ts";
import { detectron2Fpn, detectron2Names, mmdetNames, torchvisionNames } from "./names.ts";
import type { TwoStageNames } from "./two-stage-config.ts";

/** torchvision 0.14's `fasterrcnn_resnet50_fpn`. */
export const torchvisionTwoStageNames: TwoStageNames = { ...withoutHead(torchvisionNames), rpn: torchvisionRpnNames, box: torchvisionBoxNames };

/** mmdetection 2 and 3. */
export const mmdetTwoStageNames: TwoStageNames = { ...withoutHead(mmdetNames), rpn: mmdetRpnNames, box: mmdetBoxNames() };

/** detectron2's GeneralizedRCNN on a pyramid from C2 on. */
export const detectron2TwoStageNames: TwoStageNames = {
  ...withoutHead(detectron2Names),
  fpn: detectron2Fpn("backbone.", 2),
  rpn: detectron2RpnNames,
  box: detectron2BoxNames,
};

function withoutHead<T extends { readonly head: unknown }>({ head: _, ...names }: T): Omit<T, "head"> {
  return names;
}
