import { describe, expect, it } from "vitest";
import { regNetNames, regNetStages, type RegNetName } from "../../../../lib/detector/backbones/regnet-stages.ts";

/** Radosavovic et al. 2020, tables 9 and 10: blocks, widths and group width as printed. */
const published: readonly [RegNetName, number[], number[], number][] = [
  ["x-400mf", [1, 2, 7, 12], [32, 64, 160, 384], 16],
  ["x-800mf", [1, 3, 7, 5], [64, 128, 288, 672], 16],
  ["x-1.6gf", [2, 4, 10, 2], [72, 168, 408, 912], 24],
  ["x-3.2gf", [2, 6, 15, 2], [96, 192, 432, 1008], 48],
  ["x-8gf", [2, 5, 15, 1], [80, 240, 720, 1920], 120],
  ["x-16gf", [2, 6, 13, 1], [256, 512, 896, 2048], 128],
  ["x-32gf", [2, 7, 13, 1], [336, 672, 1344, 2520], 168],
  ["y-400mf", [1, 3, 6, 6], [48, 104, 208, 440], 8],
  ["y-800mf", [1, 3, 8, 2], [64, 128, 320, 768], 16],
  ["y-1.6gf", [2, 6, 17, 2], [48, 120, 336, 888], 24],
  ["y-3.2gf", [2, 5, 13, 1], [72, 216, 576, 1512], 24],
  ["y-8gf", [2, 4, 10, 1], [168, 448, 896, 2016], 56],
  ["y-16gf", [2, 4, 11, 1], [224, 448, 1232, 3024], 112],
  ["y-32gf", [2, 5, 12, 1], [232, 696, 1392, 3712], 232],
];

describe("regNetStages", () => {
  it.each(published)("%s is as printed in the paper", (name, blocks, widths, groupWidth) => {
    const stages = regNetStages(name, "nearest");
    expect(stages.map((stage) => stage.blocks)).toEqual(blocks);
    expect(stages.map((stage) => stage.width)).toEqual(widths);
    for (const stage of stages) expect(stage.groupWidth).toBe(Math.min(groupWidth, stage.width));
  });

  it("rounds three members as torchvision does, and those alone", () => {
    const differing = regNetNames.filter((name) => JSON.stringify(regNetStages(name, "torchvision")) !== JSON.stringify(regNetStages(name, "nearest")));
    expect(differing).toEqual(["x-400mf", "y-800mf", "y-8gf"]);
    expect(differing.map((name) => regNetStages(name).map(({ width }) => width))).toEqual([[32, 64, 160, 400], [64, 144, 320, 784], [224, 448, 896, 2016]]);
  });

  it.each(regNetNames)("%s has four stages of whole groups", (name) => {
    const stages = regNetStages(name);
    expect(stages).toHaveLength(4);
    for (const { width, groupWidth } of stages) expect(width % groupWidth).toBe(0);
  });
});
