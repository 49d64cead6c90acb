import { describe, expect, it } from "vitest";
import { published } from "../../../lib/distill/published.ts";

const table = {
  retinanet: { alpha: 1, origin: "r" },
  gfl: { alpha: 2, origin: "x" },
  fasterRcnn: { alpha: 3, origin: "f", levels: 4 },
} satisfies Record<string, { alpha: number; origin: string; levels?: number }>;
type Row = { readonly alpha: number; readonly origin: string; readonly levels?: number | undefined };
const row = (name: string, preset?: keyof typeof table, own: { [N in keyof Row]?: Row[N] | undefined } = {}) => published<keyof typeof table, Row>("tried", table, { student: { name }, ...(preset && { preset }) }, own);

describe("published weights", () => {
  it("are the student's kind's, else the first row's", () => {
    expect(row("faster-rcnn-mmdet-resnet-50").alpha).toBe(3);
    expect(row("mask-rcnn-tiny").alpha).toBe(3);
    expect(row("retinanet-tiny").alpha).toBe(1);
    expect(row("fcos-tiny").alpha).toBe(1);
  });

  it("can be chosen and overridden, undefined meaning the published value", () => {
    expect(row("retinanet-tiny", "gfl").alpha).toBe(2);
    expect(row("faster-rcnn-tiny", undefined, { alpha: 0, levels: undefined })).toEqual({ alpha: 0, levels: 4, origin: "f" });
  });

  it("refuse unknown presets and values that weigh nothing sensible", () => {
    expect(() => row("x", "fcos" as never)).toThrow(/no preset "fcos"; allowed: retinanet, gfl, fasterRcnn/);
    for (const alpha of [-1, NaN, Infinity]) expect(() => row("x", undefined, { alpha })).toThrow(/tried: alpha is .*; allowed: a finite number from 0/);
  });
});
