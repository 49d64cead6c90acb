import type { BackendInfo } from "../../../lib/backend/info.ts";
import type { Dataset } from "../../../lib/data/dataset.ts";
import { syntheticScenes } from "../../../lib/data/synthetic.ts";
import type { Experiment } from "../../../lib/papers/experiment.ts";
import type { Item, ItemRow, Setting } from "../../../lib/papers/item.ts";
import { studyOf, type Study } from "../../../lib/papers/study.ts";
import { tinyExperiment } from "../train/tiny.ts";

/** Four images to train on and four to score on. */
export const tinyData = (): { readonly train: Dataset; readonly val: Dataset } => ({
  train: syntheticScenes({ images: 4, size: 64, seed: 3, split: "train" }),
  val: syntheticScenes({ images: 4, size: 64, seed: 3, split: "val" }),
});

const detector = { kind: "retinanet", preset: "tiny", channels: 8, backbone: { name: "tiny-4" }, head: { norm: { kind: "group", groups: 2 } } } as const;
const training = { iterations: 6, learningRate: { base: 0.01 }, momentum: 0.9, weightDecay: 1e-4, clipValue: 1 };

export const plain: Experiment = tinyExperiment(6, { name: "tiny/plain", detector, method: undefined, training });
export const teacher: Experiment = { ...plain, name: "tiny/teacher", detector: { ...detector, backbone: { name: "tiny-8" } } };
export const taught: Experiment = { ...plain, name: "tiny/taught", method: { name: "fitNets" }, teacher: { run: { experiment: teacher, seed: 0 } }, allow: ["randomBackbone"] };
/** Its loss is soon no number. */
export const exploding: Experiment = { ...plain, name: "tiny/exploding", training: { iterations: 6, learningRate: { base: 1e30 }, weightDecay: 0 } };

/** Settings stand for experiments here: their names are enough to tell them apart. */
const settingOf = (name: string) => ({ backbone: name }) as unknown as Setting;

export const row = (id: string, name = id, more: Partial<ItemRow> = {}): ItemRow => ({ id, label: id, role: "method", published: [], setting: settingOf(name), ...more });

export const tinyItem = (rows: readonly ItemRow[], more: Partial<Item> = {}): Item => ({
  id: "frs/tiny", paper: "frs", title: "Tiny", claim: "", notebook: "", published: [], metrics: ["AP"], rows, claims: [], changes: [], ...more,
});

export interface TinyOptions {
  readonly experiments: Readonly<Record<string, Experiment>>;
  readonly runs: string;
  readonly environment: BackendInfo;
  readonly seeds?: readonly number[];
  readonly rows?: readonly string[];
}

/** A study of an item whose rows name experiments. */
export function tinyStudy(item: Item, { experiments, runs, environment, seeds = [0], rows = [] }: TinyOptions): Study {
  const { train, val } = tinyData();
  const named = (setting: Setting): Experiment => {
    const found = experiments[setting.backbone];
    if (found === undefined) throw new Error(`no weights for ${setting.backbone}`);
    return found;
  };
  return studyOf({
    item, profile: "smoke", seeds, environment, rows, place: { train, validation: val, runs }, experimentFor: named,
    transformsFor: (setting) => named(setting).data.transforms,
    differences: (setting) => [{ what: "data", paper: "COCO", here: "four scenes" }, { what: "backbone", paper: "ResNet", here: setting.backbone }],
  });
}
