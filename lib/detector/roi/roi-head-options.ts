import { headNorm } from "../assemble.ts";
import type { MaskHeadNames, MaskHeadOptions } from "../heads/mask.ts";
import type { CascadeRcnnConfig, MaskConfig, MaskRcnnConfig } from "../mask-config.ts";
import type { FasterRcnnConfig } from "../two-stage-config.ts";
import { boxStageOptions } from "./box-stage-options.ts";
import type { RoiHeadOptions, RoiStageOptions } from "./roi-head.ts";

interface Counted {
  readonly classes: number;
  readonly seed: number;
}

/** Mask R-CNN's configuration as its RoI head wants it. @param strides of the levels that regions are read from */
export function maskRcnnHead(config: MaskRcnnConfig & Counted, strides: readonly number[]): RoiHeadOptions {
  const mask = { head: maskHeadOptions(config, config.names.mask), weight: config.mask.weight };
  return { stages: [{ ...boxPart(config, strides, "roi"), mask }], mask: maskOptions(config, strides), decode: config.decode };
}

/** Cascade R-CNN's configuration as its RoI head wants it. */
export function cascadeRcnnHead(config: CascadeRcnnConfig & Counted, strides: readonly number[]): RoiHeadOptions {
  const stages = config.stages.map(({ assign, coder, weight }, s): RoiStageOptions => {
    const { box, sampling } = boxPart({ ...config, names: { ...config.names, box: config.names.box(s) }, box: { ...config.box, agnostic: true, assign, coder } }, strides, `roi stage ${s + 1}`);
    const mask = config.masks ? { mask: { head: maskHeadOptions(config, config.names.mask(s)), weight: weight * config.mask.weight } } : {};
    return { box: { ...box, loss: { ...box.loss, weight } }, sampling, ...mask };
  });
  return { stages, decode: config.decode, ...(config.masks && { mask: maskOptions(config, strides) }) };
}

/** @param stream name of the sampling's random numbers */
function boxPart(config: FasterRcnnConfig & Counted, strides: readonly number[], stream: string): Pick<RoiStageOptions, "box" | "sampling"> {
  const { classes, seed, box } = config;
  return { box: boxStageOptions(config, strides), sampling: { classes, seed, stream, assign: box.assign, truth: box.truth, ...box.sampling } };
}

interface MaskHeadParts {
  readonly channels: number;
  readonly classes: number;
  readonly mask: MaskConfig;
  readonly box: Pick<FasterRcnnConfig["box"], "initialiser">;
}

function maskHeadOptions({ channels: input, classes, mask, box: { initialiser } }: MaskHeadParts, names: MaskHeadNames): MaskHeadOptions {
  const { channels, convs, map } = mask;
  const norm = headNorm(mask.norm, channels);
  const maps = { class: classes, "after-background": classes + 1, only: 1 }[map];
  return { input, channels, convs, maps, names, initialiser, ...(norm && { norm }) };
}

function maskOptions({ roi, mask }: Pick<MaskRcnnConfig, "roi" | "mask">, strides: readonly number[]): NonNullable<RoiHeadOptions["mask"]> {
  const { size: output, map, targets, paste, threshold } = mask;
  return { extract: { ...roi, strides, output }, map, targets, paste, threshold };
}
