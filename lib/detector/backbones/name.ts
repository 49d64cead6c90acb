import { isRegNet, regNetNames, type RegNetName } from "./regnet-stages.ts";
import { resNetStructures, type ResNetDepth } from "./resnet-structures.ts";

/** What a backbone's name says. */
export type ParsedBackbone =
  | { readonly kind: "resnet"; readonly name: string; readonly tiny: boolean; readonly depth: ResNetDepth; readonly block: "basic" | "bottleneck"; readonly groups: number; readonly width: number }
  | { readonly kind: "regnet"; readonly name: string; readonly tiny: boolean; readonly member: RegNetName }
  | { readonly kind: "tiny"; readonly name: string; readonly tiny: true; readonly width: number };

/**
 * Parses a backbone's name in our spelling (`resnet-50`, `resnext-101-32x4d`, `wide-resnet-50-2`, `regnet-y-1.6gf`,
 * `tiny-8`) or torchvision's (`resnet50`, `resnext101_32x4d`, `regnet_y_1_6gf`); the answer carries ours.
 * @throws Error for any other name
 */
export function parseBackbone(name: string): ParsedBackbone {
  const spelled = String(name).toLowerCase().replaceAll("_", "-");
  const parsed = tiny(spelled) ?? resNet(spelled) ?? regNet(spelled);
  if (parsed === undefined) throw new Error(`backbone "${String(name)}" is unknown; allowed: ${allowed}`);
  return parsed;
}

const depths = Object.keys(resNetStructures).join("|");
const allowed = `resnet-<depth>, resnext-<depth>-<groups>x<width>d and wide-resnet-<depth>-<factor> of depth ${depths.replaceAll("|", ", ")}; ${regNetNames.map((member) => `regnet-${member}`).join(", ")}; tiny-<width>`;

function tiny(name: string): ParsedBackbone | undefined {
  const match = /^tiny(?:-([1-9]\d*))?$/.exec(name);
  if (match === null) return undefined;
  const width = Number(match[1] ?? 8);
  return { kind: "tiny", name: `tiny-${width}`, tiny: true, width };
}

function resNet(name: string): ParsedBackbone | undefined {
  const match = new RegExp(`^(?:(?<wide>wide-)?resnet-?(?<plain>${depths})(?:-(?<factor>[1-9]\\d*))?|resnext-?(?<grouped>${depths})-(?<groups>[1-9]\\d*)x(?<width>[1-9]\\d*)d)$`).exec(name)?.groups;
  if (match === undefined || (match.wide === undefined) !== (match.factor === undefined)) return undefined;
  const depth = parseDepth(match.plain ?? match.grouped);
  const { block, base } = resNetStructures[depth];
  const [groups, width] = match.grouped === undefined ? [1, base * Number(match.factor ?? 1)] : [Number(match.groups), Number(match.width)];
  return { kind: "resnet", name: resNetName(depth, groups, width), tiny: depth === "tiny", depth, block, groups, width };
}

function parseDepth(text: string): ResNetDepth {
  return text === "tiny" ? text : (Number(text) as ResNetDepth);
}

/** `resnet-50`, `wide-resnet-50-2`, `resnext-50-32x4d`; widths without a name of their own keep the plain one. */
export function resNetName(depth: ResNetDepth, groups: number, width: number): string {
  const factor = width / resNetStructures[depth].base;
  if (groups > 1) return `resnext-${depth}-${groups}x${width}d`;
  return Number.isInteger(factor) && factor > 1 ? `wide-resnet-${depth}-${factor}` : `resnet-${depth}`;
}

function regNet(name: string): ParsedBackbone | undefined {
  const match = /^regnet-?([xy])-?(?:(\d+)[-.])?(tiny|\d+[gm]f)$/.exec(name);
  if (match === null) return undefined;
  const member = `${match[1]}-${match[2] === undefined ? "" : `${match[2]}.`}${match[3]}`;
  return isRegNet(member) ? { kind: "regnet", name: `regnet-${member}`, tiny: member.endsWith("tiny"), member } : undefined;
}
