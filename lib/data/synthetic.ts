import { createHash } from "node:crypto";
import { random } from "../tensor/random.ts";
import type { Annotation, Category, Dataset, ImageInfo } from "./dataset.ts";
import { imageAt } from "./image-at.ts";
import type { Size } from "./resize.ts";
import { render, visibleObjects } from "./synthetic/render.ts";
import type { Scene, SceneOptions } from "./synthetic/scene.ts";
import { planScene } from "./synthetic/scene.ts";
import type { ClassName, DistractorName } from "./synthetic/shapes.ts";
import { classNames } from "./synthetic/shapes.ts";
import { visibleParts } from "./synthetic/visible.ts";

export interface SyntheticOptions {
  readonly images: number;
  /** Side in pixels, or width and height; at least 32. */
  readonly size: number | Size;
  readonly seed: number;
  /** Part of the seed: different splits share no scene. Default "train". */
  readonly split?: string;
  /** How many classes (the first ones) or which. Default all six: warm disk, cool disk, square, triangle, ring, plus. */
  readonly classes?: number | readonly ClassName[];
  /** Labelled objects per image, inclusive; default 2 to 6. */
  readonly objects?: readonly [number, number];
  /**
   * Sides of objects in pixels, log-uniform. Default: 12 pixels (or an eighth of the image's shorter side if that is
   * less) to 0.48 of the shorter side: 12–46 at 96 pixels (COCO small and medium), all three COCO sizes from 200 pixels on.
   */
  readonly sides?: readonly [number, number];
  /** Unlabelled look-alikes per image, inclusive; default 1 to 3. */
  readonly distractors?: readonly [number, number];
  /** Share of images without labelled objects; default 0.05. */
  readonly empty?: number;
}

/** An unlabelled look-alike: hexagon (disk), diamond (square), inverted triangle, C-ring (ring), X (plus). */
export interface Distractor {
  readonly shape: DistractorName;
  /** [x, y, width, height] of its visible pixels. */
  readonly xywh: readonly [number, number, number, number];
}

export interface SyntheticDataset extends Dataset {
  /** The look-alikes of `images[index]`, for studies of false positives. */
  distractors(index: number): readonly Distractor[];
}

type Resolved = SceneOptions & { readonly images: number; readonly seed: number; readonly split: string };

function refuse(option: string, received: unknown, allowed: string): never {
  throw new RangeError(`synthetic scenes: ${option} received ${JSON.stringify(received)}, allowed ${allowed}`);
}

function requireRange(option: string, [low, high]: readonly [number, number], least: number, whole: boolean): void {
  const legal = [low, high].every((v) => Number.isFinite(v) && (!whole || Number.isInteger(v))) && low >= least && high >= low;
  if (!legal) refuse(option, [low, high], `[low, high] with ${least} ≤ low ≤ high${whole ? ", whole numbers" : ""}`);
}

function resolveClasses(classes: number | readonly string[] = classNames.length): SceneOptions["classes"] {
  const names: readonly string[] = typeof classes === "number" ? classNames.slice(0, classes) : classes;
  const known = names.length > 0 && new Set(names).size === names.length && names.every((name) => (classNames as readonly string[]).includes(name));
  if (!known || (typeof classes === "number" && names.length !== classes)) refuse("classes", classes, `1 to ${classNames.length}, or some of ${classNames.join(", ")}`);
  return classNames.flatMap((name, i) => (names.includes(name) ? [{ id: i + 1, name }] : []));
}

function resolve(options: SyntheticOptions): Resolved {
  const { images, seed, split = "train", objects = [2, 6], distractors = [1, 3], empty = 0.05 } = options;
  const { width, height } = typeof options.size === "number" ? { width: options.size, height: options.size } : options.size;
  const side = Math.min(width, height);
  const sides = options.sides ?? [Math.min(12, side / 8), 0.48 * side];
  if (!Number.isSafeInteger(images) || images < 1) refuse("images", images, "a whole number of at least 1");
  if (![width, height].every((v) => Number.isInteger(v) && v >= 32 && v <= 8192)) refuse("size", options.size, "whole numbers of 32 to 8192 pixels");
  if (!Number.isSafeInteger(seed)) refuse("seed", seed, "a whole number");
  if (!(empty >= 0 && empty <= 1)) refuse("empty", empty, "a share from 0 to 1");
  requireRange("objects", objects, 1, true);
  requireRange("distractors", distractors, 0, true);
  requireRange("sides", sides, 4, false);
  return { images, seed, split, width, height, classes: resolveClasses(options.classes), objects, sides, distractors, empty };
}

/** What is told of a scene: cheap to compute again, small to keep. */
interface Facts {
  readonly annotations: readonly Annotation[];
  readonly distractors: readonly Distractor[];
}

function describe(scene: Scene, options: Resolved, index: number): Facts {
  const parts = visibleParts(visibleObjects(scene, options), options, scene.objects.length);
  const annotations: Annotation[] = [];
  const distractors: Distractor[] = [];
  const firstId = index * options.objects[1] + 1;
  scene.objects.forEach(({ shape, category }, i) => {
    const part = parts[i];
    if (part === undefined) return;
    const { xywh, area, counts } = part;
    if (category === undefined) distractors.push({ shape: shape as DistractorName, xywh });
    else annotations.push({ id: firstId + annotations.length, imageId: index + 1, categoryId: category, xywh, area, crowd: false, segmentation: { counts, size: [options.height, options.width] } });
  });
  return { annotations, distractors };
}

/**
 * Scenes made by formula and seed: textured backgrounds, coloured shapes of up to six classes, overlaps of at most a
 * quarter of the smaller box, empty images, and unlabelled look-alikes. Image i depends on (seed, split, i) and the
 * options except `images`. Boxes, areas and masks are those of the visible pixels. Images are drawn when asked for.
 * Throws RangeError naming the option that is out of range.
 */
export function syntheticScenes(options: SyntheticOptions): SyntheticDataset {
  const resolved = resolve(options);
  const { seed, split, width, height } = resolved;
  const images: ImageInfo[] = Array.from({ length: resolved.images }, (_, i) => ({ id: i + 1, fileName: `${String(i + 1).padStart(6, "0")}.png`, width, height }));
  const categories: readonly Category[] = resolved.classes;
  const scene = (index: number) => { imageAt(images, index); return planScene(resolved, random("scene", seed, split, index)); };
  const facts: (Facts | undefined)[] = [];
  const factsOf = (index: number) => (facts[index] ??= describe(scene(index), resolved, index));
  return {
    name: `synthetic ${split} (${images.length} × ${width}×${height}, seed ${seed})`,
    hash: createHash("sha256").update(`potstill synthetic scenes 1 ${JSON.stringify(resolved)}`).digest("hex"),
    categories,
    images,
    annotations: (index) => factsOf(index).annotations,
    distractors: (index) => factsOf(index).distractors,
    pixels: async (index) => render(scene(index), resolved, random("texture", seed, split, index)),
  };
}
