import { fasterRcnnPresets, type FasterRcnnPreset } from "../presets/faster-rcnn.ts";
import type { FasterRcnnConfig } from "../two-stage-config.ts";
import { fitAssign } from "./fits.ts";
import { resolve, type DetectorOptions, type Resolved } from "./resolve.ts";
import { boxRules, fitRpn, sharedRules } from "./two-stage.ts";

export type { FasterRcnnPreset } from "../presets/faster-rcnn.ts";

export type FasterRcnnOptions = DetectorOptions<FasterRcnnConfig, FasterRcnnPreset>;
export type ResolvedFasterRcnn = Resolved<FasterRcnnConfig>;

/** @throws Error for an unknown option, preset or backbone, and for values that are wrong or do not fit together */
export function resolveFasterRcnn(options: FasterRcnnOptions | FasterRcnnPreset): ResolvedFasterRcnn {
  return resolve<FasterRcnnConfig>(options, {
    detector: "fasterRcnn",
    title: () => "faster-rcnn",
    presets: fasterRcnnPresets,
    rules: { ...sharedRules, box: boxRules },
    fits: (config, refuse) => {
      fitRpn(refuse, config);
      fitAssign(refuse, config.box.assign, "box.assign");
    },
  });
}
