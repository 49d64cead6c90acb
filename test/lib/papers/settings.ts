import type { DetectorKind } from "../../../lib/papers/detectors.ts";
import type { Setting } from "../../../lib/papers/item.ts";
import type { MethodSpec } from "../../../lib/papers/method.ts";

/** mmdetection's R-50 student of R-101, unless it is said otherwise. */
export function student(detector: DetectorKind, method: MethodSpec, changes: Partial<Setting> = {}): Setting {
  const schedule = detector === "gfl" || detector === "fcos" ? "2x-ms" : "2x";
  const plain = { detector, code: "mmdet", schedule } as const;
  return { ...plain, backbone: "resnet-50", method, teacher: { ...plain, backbone: "resnet-101" }, ...changes };
}

/** A row of SSSD's tables; its baseline without a method. */
export function guided(detector: DetectorKind, method?: MethodSpec, changes: Partial<Setting> = {}): Setting {
  return { detector, backbone: "resnet-50", code: "detectron2-lgd", schedule: "180k", ...(method && { method }), ...changes };
}

/** LabelEnc's second step under its first, which is for ResNet-50 whatever the backbone. */
export function encoded(detector: DetectorKind, changes: Partial<Setting> = {}): Setting {
  const own = { detector, code: "labelenc", schedule: "1x" } as const;
  return { ...own, backbone: "resnet-50", method: { name: "labelEnc", options: { step: 2 } }, encoder: { ...own, backbone: "resnet-50", method: { name: "labelEnc", options: { step: 1 } } }, ...changes };
}

/** Mask R-CNN under the deformable Cascade Mask R-CNN. */
export function masked(method: MethodSpec, changes: Partial<Setting> = {}): Setting {
  return student("maskRcnn", method, { teacher: { detector: "cascadeRcnn", backbone: "resnext-101-32x4d-dcn", code: "mmdet", schedule: "1x" }, ...changes });
}

/** One of each kind of detector and method that the papers' tables have. */
export const representatives: Readonly<Record<string, Setting>> = {
  "lgd retinanet": guided("retinanet", { name: "lgd" }),
  "sssd retinanet R101": guided("retinanet", { name: "sssd", lambda: [[0, 75], [120_000, 80]] }, { backbone: "resnet-101" }),
  "sssd fcos": guided("fcos", { name: "sssd" }),
  "lgd fasterRcnn": guided("fasterRcnn", { name: "lgd", lambda: [[0, 1], [120_000, 1.5]] }),
  "labelEnc retinanet": encoded("retinanet"),
  "labelEnc fcos R101": encoded("fcos", { backbone: "resnet-101" }),
  "labelEnc fasterRcnn": encoded("fasterRcnn"),
  "frs retinanet": student("retinanet", { name: "frs" }),
  "frs gfl": student("gfl", { name: "frs" }),
  "frs fcos": student("fcos", { name: "frs" }),
  "frs fasterRcnn": student("fasterRcnn", { name: "frs" }),
  "frs regions": student("retinanet", { name: "frs", options: { head: 0, regions: ["TP", "FN"] } }),
  "frs regnet": student("retinanet", { name: "frs" }, { backbone: "regnet-x-400mf", schedule: "1x", teacher: { detector: "retinanet", backbone: "regnet-x-3.2gf", code: "mmdet", schedule: "1x" } }),
  "fkd retinanet X101": student("retinanet", { name: "fkd" }, { teacher: { detector: "retinanet", backbone: "resnext-101-64x4d", code: "mmdet", schedule: "2x" } }),
  "gid retinanet": student("retinanet", { name: "gid" }),
  "gid fcos": student("fcos", { name: "gid" }),
  "gid fasterRcnn": student("fasterRcnn", { name: "gid" }),
  "fitNets fasterRcnn": student("fasterRcnn", { name: "fitNets" }),
  "fitNets fcos": student("fcos", { name: "fitNets" }),
  "fgd retinanet": student("retinanet", { name: "fgd" }, { inherit: true }),
  "fgd fcos": student("fcos", { name: "fgd" }, { inherit: true }),
  "fgd fasterRcnn": student("fasterRcnn", { name: "fgd" }, { inherit: true }),
  "sharedKd retinanet": student("retinanet", { name: "sharedKd" }),
  "sharedKd fcos": student("fcos", { name: "sharedKd" }),
  "sharedKd fasterRcnn": student("fasterRcnn", { name: "sharedKd", options: { cross: false } }),
  "semckd retinanet": student("retinanet", { name: "semckd" }),
  "fkd masks": masked({ name: "fkd" }),
  "fgd masks": masked({ name: "fgd" }),
  "mgd masks": masked({ name: "mgd" }),
  "sharedKd masks": masked({ name: "sharedKd" }),
};
