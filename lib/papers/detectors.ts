import { atss, type AtssDetectorOptions } from "../detector/atss.ts";
import { cascadeRcnn, type CascadeRcnnOptions } from "../detector/cascade-rcnn.ts";
import type { Detector } from "../detector/detector.ts";
import { fasterRcnn, type FasterRcnnOptions } from "../detector/faster-rcnn.ts";
import { fcos, type FcosOptions } from "../detector/fcos.ts";
import { gfl, type GflOptions } from "../detector/gfl.ts";
import { maskRcnn, type MaskRcnnOptions } from "../detector/mask-rcnn.ts";
import { atssPresets } from "../detector/presets/atss.ts";
import { cascadeRcnnPresets } from "../detector/presets/cascade-rcnn.ts";
import { fasterRcnnPresets } from "../detector/presets/faster-rcnn.ts";
import { fcosPresets } from "../detector/presets/fcos.ts";
import { gflPresets } from "../detector/presets/gfl.ts";
import { maskRcnnPresets } from "../detector/presets/mask-rcnn.ts";
import type { Recipe } from "../detector/presets/recipe.ts";
import { retinaNetPresets } from "../detector/presets/retinanet.ts";
import { retinanet, type RetinaNetOptions } from "../detector/retinanet.ts";

/** What each detector takes beside classes and seed, which follow from the data and the run. */
interface OptionsByKind {
  readonly retinanet: RetinaNetOptions;
  readonly fcos: FcosOptions;
  readonly gfl: GflOptions;
  readonly atss: AtssDetectorOptions;
  readonly fasterRcnn: FasterRcnnOptions;
  readonly maskRcnn: MaskRcnnOptions;
  readonly cascadeRcnn: CascadeRcnnOptions;
}

export type DetectorKind = keyof OptionsByKind;

type OptionsOf<K extends DetectorKind> = Omit<OptionsByKind[K], "classes" | "seed">;

/** A detector as plain data: its kind, and its options. Without a kind it is a RetinaNet. */
export type DetectorSpec =
  | ({ readonly kind?: "retinanet" } & OptionsOf<"retinanet">)
  | { readonly [K in Exclude<DetectorKind, "retinanet">]: { readonly kind: K } & OptionsOf<K> }[Exclude<DetectorKind, "retinanet">];

interface Entry<O> {
  readonly title: string;
  readonly make: (options: O) => Detector;
  readonly presets: Readonly<Record<string, { readonly recipe: Recipe; readonly mask?: unknown; readonly masks?: boolean }>>;
}

/** Every detector by kind; a new one is one line. */
const detectors: { readonly [K in DetectorKind]: Entry<OptionsByKind[K]> } = {
  retinanet: { title: "RetinaNet", make: retinanet, presets: retinaNetPresets },
  fcos: { title: "FCOS", make: fcos, presets: fcosPresets },
  gfl: { title: "GFL", make: gfl, presets: gflPresets },
  atss: { title: "ATSS", make: atss, presets: atssPresets },
  fasterRcnn: { title: "Faster R-CNN", make: fasterRcnn, presets: fasterRcnnPresets },
  maskRcnn: { title: "Mask R-CNN", make: maskRcnn, presets: maskRcnnPresets },
  cascadeRcnn: { title: "Cascade R-CNN", make: cascadeRcnn, presets: cascadeRcnnPresets },
};

export const detectorKinds = Object.keys(detectors) as readonly DetectorKind[];

function entryOf({ kind = "retinanet" }: DetectorSpec): Entry<never> {
  if (!Object.hasOwn(detectors, kind)) throw new Error(`there is no detector "${String(kind)}"${meant(kind)}; allowed: ${detectorKinds.join(", ")}`);
  return detectors[kind];
}

/** For `faster-rcnn`, `FCOS` and `Faster R-CNN`. */
function meant(kind: unknown): string {
  const letters = (text: string) => text.toLowerCase().replace(/[^a-z]/g, "");
  const similar = detectorKinds.find((name) => letters(name) === letters(String(kind)));
  return similar === undefined ? "" : `, it is written "${similar}"`;
}

/** The preset of a detector that names none. */
export const defaultPreset = "tiny";

/** What tables call it. */
export function detectorTitle(spec: DetectorSpec): string {
  return entryOf(spec).title;
}

/**
 * Builds a detector from its description; the caller disposes it.
 * @throws Error for an unknown kind, preset, backbone or option, and for values that do not fit together
 */
export function buildDetector(spec: DetectorSpec, { classes, seed }: { readonly classes: number; readonly seed: number }): Detector {
  const { kind: _, ...options } = spec;
  for (const [key, from] of [["classes", "the data's categories"], ["seed", "the run"]]) if (key in options) throw new Error(`detector.${key} follows from ${from}; leave it out`);
  return entryOf(spec).make({ ...options, classes, seed } as never);
}

function presetOf(spec: DetectorSpec): Entry<never>["presets"][string] {
  const { presets } = entryOf(spec);
  const { kind = "retinanet", preset = defaultPreset } = spec;
  if (!Object.hasOwn(presets, preset)) throw new Error(`preset "${preset}" of ${kind} is unknown; allowed: ${Object.keys(presets).join(", ")}`);
  return presets[preset];
}

/** How the preset's origin prepares images and trains. */
export function recipeOf(spec: DetectorSpec): Recipe {
  return presetOf(spec).recipe;
}

/** Whether it learns from masks. */
export function segments(spec: DetectorSpec): boolean {
  if (spec.kind === "cascadeRcnn") return spec.masks ?? presetOf(spec).masks ?? false;
  return spec.kind === "maskRcnn";
}
