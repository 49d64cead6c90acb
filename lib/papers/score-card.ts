import type { Dataset } from "../data/dataset.ts";
import { portableName } from "../data/portable-name.ts";
import type { Transforms } from "../data/transforms.ts";
import type { Detector } from "../detector/detector.ts";
import { scoreDetector } from "../evaluate/score.ts";
import type { CardScore } from "../provenance/card.ts";

const names = ["AP", "AP50", "AP75", "APs", "APm", "APl"] as const;

/** COCO's box scores of a detector as a model card has them; what the data cannot tell (no object of a size) is left out. */
export async function scoreCard(detector: Detector, dataset: Dataset, transforms: Transforms): Promise<CardScore[]> {
  const { stats } = await scoreDetector(detector, dataset, { transforms });
  const points = Object.fromEntries(names.flatMap((name, i) => (stats[i] >= 0 ? [[name, 100 * stats[i]]] : [])));
  return [{ of: "boxes", data: { name: portableName(dataset.name), hash: dataset.hash, images: dataset.images.length }, points }];
}
