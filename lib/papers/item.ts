import type { DetectorKind } from "./detectors.ts";
import type { MethodSpec } from "./method.ts";

/** The three papers, as `potstill reproduce` names them. */
export type PaperId = "sssd" | "frs" | "shared-kd";

/**
 * What is measured of a row. AP to APl: COCO's average precisions in points from 0 to 100, as the papers print them (of masks
 * where the row's item says so). lateAP: the mean AP, in points, of the looks between 130/180 and 170/180 of a training, where
 * it looks at all validation images. share: λL_distill / L_total, 0 to 1. lambda: the λ that a search finds.
 * hours: of training. memory: peak, in GB. entropy: of a region, in bits.
 */
export type Metric = "AP" | "AP50" | "AP75" | "APs" | "APm" | "APl" | "lateAP" | "share" | "lambda" | "hours" | "memory" | "entropy";

/** One cell of a paper's table: a number as printed, one that its prose implies, or one that the text lost. */
export type PublishedCell =
  | number
  | { readonly value: number; readonly derived: string }
  | { readonly lost: string; readonly bounds?: readonly [low: number, high: number] };

export type PublishedCells = Readonly<Partial<Record<Metric, PublishedCell>>>;

/** A table or figure as a paper has it. */
export interface Published {
  readonly id: string;
  /** `SSSD Table 1`. */
  readonly title: string;
  readonly caption: string;
  readonly metrics: readonly Metric[];
  /** Cells by row, in the paper's order; keys are what `ItemRow.published` names. */
  readonly rows: Readonly<Record<string, { readonly label: string; readonly cells: PublishedCells; readonly note?: string }>>;
  /** What does not add up, and what the prose says beside the cells. */
  readonly notes: readonly string[];
}

export type BackboneName = "resnet-50" | "resnet-101" | "resnext-101-64x4d" | "resnext-101-32x4d-dcn" | `regnet-${string}`;

/** What a row trains, in the papers' words; `experimentFor` makes an experiment of it in a profile. */
export interface Setting {
  readonly detector: DetectorKind;
  readonly backbone: BackboneName;
  /** Whose configuration the paper started from. */
  readonly code: "mmdet" | "detectron2-lgd" | "labelenc";
  /** Epochs of 118,287 images (1x: 12, 2x: 24; ms: with sizes drawn), or iterations of 16 images. */
  readonly schedule: "1x" | "2x" | "2x-ms" | "180k";
  /** With the paper's weights; a profile may carry them to its own scale. */
  readonly method?: MethodSpec;
  readonly teacher?: Setting;
  /** The student starts with the teacher's neck and head. */
  readonly inherit?: true;
  /** LabelEnc's first step, whose encoder the row's own training takes. */
  readonly encoder?: Setting;
}

/** One row of a table, one bar or curve of a figure. */
export interface ItemRow {
  /** Unique in its item: letters, digits, `-`. */
  readonly id: string;
  readonly label: string;
  readonly role: "teacher" | "student" | "method";
  /** Rows of `Item.published` that it stands for, by table: what the paper has for it. */
  readonly published: readonly { readonly table: string; readonly row: string }[];
  /** What it trains; absent where it is not trained here, and `notRun` says why, and of what a search trains. */
  readonly setting?: Setting;
  readonly notRun?: string;
  /** Which training of the calibration's search it is: the target's, or the one that the search ends with. */
  readonly probe?: "target" | "found";
  /** What is looked at in the trained setting, where it is not its scores: the region's entropy under a teacher (FRS Figure 5). */
  readonly measure?: { readonly kind: "regionEntropy"; readonly region: "TP" | "FP" | "FN" | "TN" };
  /** The row that it is compared with: a method with its student, a teacher with the student it teaches. */
  readonly against?: string;
  /** Group of rows in tables and figures. */
  readonly group?: string;
}

/** A sentence of a paper that can be tested. Rows by id. */
export interface Claim {
  readonly id: string;
  /** In the paper's sense, in our words. */
  readonly text: string;
  /** Where the paper says it. */
  readonly source: string;
  readonly metric: Metric;
  readonly test:
    /** Each is better than the next. */
    | { readonly kind: "order"; readonly rows: readonly string[] }
    /** `better` is at least as good as `worse`. */
    | { readonly kind: "atLeast"; readonly better: string; readonly worse: string }
    /** The first is better than each of the others, whose order is not claimed. */
    | { readonly kind: "best"; readonly row: string; readonly others: readonly string[] }
    /** The value rises (falls) along the rows; tested as a trend. */
    | { readonly kind: "trend"; readonly rows: readonly string[]; readonly direction: "rises" | "falls" }
    /** The value lies in an interval. */
    | { readonly kind: "within"; readonly row: string; readonly interval: readonly [low: number, high: number] };
}

/** One notebook: a table or figure, or some that the same runs answer. */
export interface Item {
  /** `<paper>/<item>`: what `potstill reproduce` takes. */
  readonly id: `${PaperId}/${string}`;
  readonly paper: PaperId;
  /** `SSSD Table 1: …`. */
  readonly title: string;
  /** What the paper claims with it, in one sentence. */
  readonly claim: string;
  /** Below the project's folder. */
  readonly notebook: string;
  readonly published: readonly Published[];
  readonly metrics: readonly Metric[];
  /** AP is of masks. */
  readonly masks?: true;
  /** Shown wherever the item is: `reconstructed` for Shared-KD, whose equations are lost. */
  readonly label?: "reconstructed";
  readonly rows: readonly ItemRow[];
  readonly claims: readonly Claim[];
  /** What would change the verdict: sentences. */
  readonly changes: readonly string[];
}

/** What a claim or a row comes to. */
export type Verdict = "reproduced in direction" | "within noise" | "contradicted" | "not testable at this profile" | "not run";
