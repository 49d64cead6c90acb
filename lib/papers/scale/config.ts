import { resolveAtss } from "../../detector/options/atss.ts";
import { resolveCascadeRcnn } from "../../detector/options/cascade-rcnn.ts";
import { resolveFasterRcnn } from "../../detector/options/faster-rcnn.ts";
import { resolveFcos } from "../../detector/options/fcos.ts";
import { resolveGfl } from "../../detector/options/gfl.ts";
import { resolveMaskRcnn } from "../../detector/options/mask-rcnn.ts";
import { resolveRetinaNet } from "../../detector/options/retinanet.ts";
import type { DetectorKind, DetectorSpec } from "../detectors.ts";

const resolvers: Readonly<Record<DetectorKind, (options: never) => object>> = {
  retinanet: resolveRetinaNet, fcos: resolveFcos, gfl: resolveGfl, atss: resolveAtss,
  fasterRcnn: resolveFasterRcnn, maskRcnn: resolveMaskRcnn, cascadeRcnn: resolveCascadeRcnn,
};

/** Names of parameters, losses and the origin's recipe: they are no part of what is trained. */
const apart: readonly string[] = ["names", "recipe", "losses", "name", "classes", "seed"];

/** Everything that a detector's description stands for, as plain data. */
export function completeDetector(spec: DetectorSpec): Readonly<Record<string, unknown>> {
  const { kind = "retinanet", ...options } = spec;
  const config = resolvers[kind]({ ...options, classes: 80, seed: 0 } as never);
  return Object.fromEntries(Object.entries(config).filter(([key]) => !apart.includes(key)));
}
