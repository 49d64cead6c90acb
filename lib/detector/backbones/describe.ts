import type { BackboneConfig, DeformableConfig } from "./config.ts";
import { parseBackbone, resNetName } from "./name.ts";
import { resNetDepths, resNetStructures, type ResNetDepth } from "./resnet-structures.ts";

export interface ResNetDescriptionOptions {
  /**
   * Whose weights fit: `pytorch` halves the resolution in a bottleneck's 3×3 convolution (torchvision, mmdetection),
   * `caffe` in its first 1×1 (MSRA, Detectron). Default the preset's.
   */
  readonly style?: "pytorch" | "caffe";
  /** Groups of the 3×3 convolutions; above 1 it is a ResNeXt. Default 1. */
  readonly groups?: number;
  /** Channels per group in the first stage. Default 64: ResNet; 128 is wide ResNet, 4 with 32 groups ResNeXt 32×4d. */
  readonly width?: number;
  /** What normalises the convolutions. Default the preset's. */
  readonly norm?: BackboneConfig["norm"];
  /** −1 trains everything, 0 freezes the stem, n also the first n stages. Default the preset's. */
  readonly frozenStages?: number;
  /** Deformable 3×3 convolutions, as `{ stages: [3, 4, 5] }`. Default none. */
  readonly dcn?: DeformableConfig;
}

const styles = { pytorch: "3x3", caffe: "1x1" } as const;

/**
 * A ResNet, wide ResNet or ResNeXt for the `backbone` option of any detector, as plain data.
 * @example retinanet({ preset: "mmdet", classes: 80, seed: 0, backbone: resnet(101, { groups: 64, width: 4 }) })
 * @throws Error for a depth or style that does not exist
 */
export function resnet(depth: ResNetDepth, options: ResNetDescriptionOptions = {}): Partial<BackboneConfig> & { readonly name: string } {
  if (!resNetDepths.includes(depth)) throw new Error(`resnet depth is ${String(depth)}; allowed: ${resNetDepths.join(", ")}`);
  const { style, groups = 1, width = resNetStructures[depth].base, ...rest } = options;
  if (style !== undefined && !Object.hasOwn(styles, style)) throw new Error(`resnet style is "${String(style)}"; allowed: "pytorch", "caffe"`);
  return { name: resNetName(depth, groups, width), groups, width, ...(style && { stride: styles[style] }), ...rest };
}

/**
 * A RegNet for the `backbone` option of any detector, as plain data.
 * @param name `x-400mf` … `x-32gf`, `y-400mf` … `y-128gf`, `x-tiny`, `y-tiny`; torchvision's spelling (`regnet_x_1_6gf`) too
 * @throws Error for a member that does not exist
 */
export function regnet(name: string, options: Pick<ResNetDescriptionOptions, "norm" | "frozenStages"> = {}): Partial<BackboneConfig> & { readonly name: string } {
  const spelled = /^regnet/i.test(name) ? name : `regnet-${name}`;
  return { name: parseBackbone(spelled).name, ...options };
}
