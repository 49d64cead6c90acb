import type { MaskRcnnConfig } from "../mask-config.ts";
import { maskRcnnPresets, type MaskRcnnPreset } from "../presets/mask-rcnn.ts";
import { fitAssign } from "./fits.ts";
import { resolve, type DetectorOptions, type Resolved } from "./resolve.ts";
import { boxRules, fitMask, fitRpn, maskRules, sharedRules } from "./two-stage.ts";

export type { MaskRcnnPreset } from "../presets/mask-rcnn.ts";

export type MaskRcnnOptions = DetectorOptions<MaskRcnnConfig, MaskRcnnPreset>;
export type ResolvedMaskRcnn = Resolved<MaskRcnnConfig>;

/** @throws Error for an unknown option, preset or backbone, and for values that are wrong or do not fit together */
export function resolveMaskRcnn(options: MaskRcnnOptions | MaskRcnnPreset): ResolvedMaskRcnn {
  return resolve<MaskRcnnConfig>(options, {
    detector: "maskRcnn",
    title: () => "mask-rcnn",
    presets: maskRcnnPresets,
    rules: { ...sharedRules, box: boxRules, mask: maskRules },
    fits: (config, refuse) => {
      fitRpn(refuse, config);
      fitAssign(refuse, config.box.assign, "box.assign");
      fitMask(refuse, config.mask);
    },
  });
}
