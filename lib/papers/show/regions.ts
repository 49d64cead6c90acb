import * as tf from "@tensorflow/tfjs-core";
import { claimedOrder, entropyMeasures, regionEntropies, type EntropyMeasure, type RegionEntropy } from "../../distill/region-entropy.ts";
import type { PartitionOptions } from "../../distill/regions.ts";
import { regionNames } from "../../distill/regions.ts";
import { scoreMask } from "../../distill/score-mask.ts";
import { cellMaps } from "../../report/cell-maps.ts";
import { heatPanels } from "../../report/heat-panels.ts";
import type { Displayable } from "../../report/html.ts";
import { eachView } from "../../report/look.ts";
import type { LevelMap, View } from "../../report/look.ts";
import { lookAtRegions } from "../../report/regions-look.ts";
import { regionsPicture } from "../../report/regions-picture.ts";
import { table } from "../../report/table.ts";
import { openTeacher } from "../open-rows.ts";
import type { RowResult } from "../row-result.ts";
import { note } from "./note.ts";
import type { Study } from "../study.ts";
import type { Trained } from "../trained.ts";

type Shown = Pick<Study, "validation" | "runs" | "experimentOf">;

export interface TeacherRow {
  /** Whose teacher, by the row's id. Default the first that was trained under one. */
  readonly row?: string;
}

export interface MaskOptions extends TeacherRow {
  /** Position of the validation image. Default 0. */
  readonly image?: number;
}

/** The first result, of a row or of all, whose training has a teacher. */
export function taughtResult({ experimentOf }: Shown, results: readonly RowResult[], id: string | undefined): RowResult | undefined {
  return results.find(({ row, run }) => run !== undefined && (id === undefined || row.id === id) && experimentOf(row)?.teacher !== undefined);
}

const nobody = (id: string | undefined) => `No picture: ${id === undefined ? "no row" : `the row ${id}`} was trained under a teacher here.`;

async function withTeacher<T>(study: Shown, results: readonly RowResult[], { row, none, use }: TeacherRow & { readonly none: (why: string) => T; readonly use: (teacher: Omit<Trained, "from">) => Promise<T> }): Promise<T> {
  const result = taughtResult(study, results, row);
  if (result === undefined) return none(nobody(row));
  const teacher = await openTeacher(study, result);
  try {
    return await use(teacher);
  } finally {
    teacher.detector.dispose();
  }
}

/** FRS's mask S, the teacher's highest class score in each cell, level by level over a validation image (FRS Figure 3). */
export async function showMask(study: Shown, results: readonly RowResult[], { row, image = 0 }: MaskOptions = {}): Promise<Displayable> {
  return withTeacher<Displayable>(study, results, { row, none: note, use: async ({ detector, transforms }) => {
    const [{ view, maps }] = await eachView(study.validation, [image], { transforms }, (images, view): { view: View; maps: LevelMap[] } => {
      let maps: LevelMap[] = [];
      tf.tidy(() => { maps = cellMaps(detector.forward(images).logits.map(scoreMask), detector.strides); });
      return { view, maps };
    });
    return heatPanels(view, { [`the teacher's score S, ${detector.name}`]: maps }, { minWidth: 560 });
  } });
}

/** The four regions over a validation image, as the teacher of this row divides it. */
export async function showRegions(study: Shown, results: readonly RowResult[], { row, image = 0, ...options }: PartitionOptions & MaskOptions = {}): Promise<Displayable> {
  return withTeacher<Displayable>(study, results, { row, none: note, use: async ({ detector, transforms }) => {
    const [look] = await lookAtRegions(detector, study.validation, [image], { ...options, transforms });
    return regionsPicture(look);
  } });
}

/** What "information" in a region may mean; the paper does not say. */
const measureNames: Readonly<Record<EntropyMeasure, string>> = {
  pixels: "grey levels of the image",
  channels: "softmax over the teacher's channels, mean of cells",
  activations: "the teacher's activations",
};

/** The regions' entropies at one threshold, in bits, and whether they have the order that the paper claims. */
export interface EntropyRow {
  readonly measure: string;
  readonly threshold: number;
  readonly entropies: readonly RegionEntropy[];
  readonly claimed: boolean | undefined;
}

/**
 * Entropy of each region by every measure and threshold (FRS Figure 5), over validation images, each region's histogram made of
 * equally many samples.
 * @param images how many, from the first
 */
export async function entropiesOf(study: Shown, results: readonly RowResult[], { row, thresholds = [0.01, 0.05, 0.1, 0.2, 0.3], images = 40 }: TeacherRow & { readonly thresholds?: readonly number[]; readonly images?: number } = {}): Promise<EntropyRow[]> {
  const indices = Array.from({ length: Math.min(images, study.validation.images.length) }, (_, i) => i);
  return withTeacher<EntropyRow[]>(study, results, { row, none: () => [], use: async ({ detector, transforms }) => {
    const rows: EntropyRow[] = [];
    for (const threshold of thresholds) {
      const entropies = regionEntropies();
      await lookAtRegions(detector, study.validation, indices, { transforms, threshold, entropies });
      const all = entropies.results({ equalise: true });
      for (const measure of entropyMeasures) rows.push({ measure: measureNames[measure], threshold, entropies: all.filter((one) => one.measure === measure), claimed: claimedOrder(all, measure) });
    }
    return rows;
  } });
}

/** The same as a table. */
export function showEntropies(rows: readonly EntropyRow[]): Displayable {
  const sorted = [...rows].sort((a, b) => (a.measure === b.measure ? a.threshold - b.threshold : a.measure < b.measure ? -1 : 1));
  return table([
    { heading: "entropy of", value: ({ measure }: EntropyRow) => measure },
    { heading: "τ", value: ({ threshold }) => threshold, decimals: 2 },
    ...regionNames.map((region) => ({
      heading: region, unit: "bits", decimals: 2,
      value: ({ entropies }: EntropyRow) => {
        const entropy = entropies.find((one) => one.region === region)?.entropy ?? NaN;
        return Number.isNaN(entropy) ? { unknown: "empty" } : entropy;
      },
    })),
    { heading: "TP > FP > FN, TN", value: ({ claimed }) => (claimed === undefined ? { unknown: "a region is empty" } : claimed) },
  ], sorted, { note: "Regions by the teacher's score (above or up to τ) and the boxes. Histograms are of equally many samples of each region." });
}
