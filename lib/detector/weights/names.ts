/**
 * Names of weights by their source. A backbone's names are brought to one form, torchvision's ResNet without prefix
 * (`conv1.weight`, `bn1.running_mean`, `layer1.0.downsample.0.weight`), whatever the source calls them:
 *
 * | source | stem | block | normalisation |
 * |---|---|---|---|
 * | torchvision, mmdetection | `conv1` | `layer1.0.conv2` | `bn2`, `downsample.1` |
 * | torchvision's RegNet | `stem.0` | `trunk_output.block1.block1-0.f.b.0` | `f.b.1`, `proj.1` |
 * | detectron2's RegNet | `stem.conv` | `s1.b1.f.b` | `f.b_bn`, `bn` |
 * | detectron2 | `stem.conv1` | `res2.0.conv2`, `res2.0.shortcut` | `conv2.norm`, `shortcut.norm` |
 * | LGD | detectron2's under `student.raw_backbone.` | | |
 * | Detectron, MSRA | `conv1_w` | `res2_0_branch2b_w`, `res2_0_branch1_w` | `res2_0_branch2b_bn_s`, `_bn_b` |
 *
 * Detectron's and detectron2's MSRA networks take BGR images of 0 to 255 less the mean, deviation 1; torchvision's take RGB.
 */

/** The pairs of a rule; the first that fits is applied. */
type Rules = readonly (readonly [RegExp, string | ((...parts: string[]) => string)])[];

const prefixes = /^(?:module\.)?(?:student\.)?(?:raw_backbone\.|backbone\.(?:body|bottom_up)\.|backbone\.|bottom_up\.|body\.)?/;

/** What lies under `backbone.` but belongs to the neck: torchvision's and detectron2's pyramids. */
const necks = /^(?:fpn[._]|top_block\.)/;

const branch: Readonly<Record<string, string>> = { a: "1", b: "2", c: "3" };
const caffeParts: Readonly<Record<string, string>> = { w: "weight", s: "weight", b: "bias", rm: "running_mean", riv: "running_var", gn_s: "weight", gn_b: "bias" };
/** pycls counts blocks from one. */
const fromOne = (stage: string, block: string) => `layer${stage}.${Number(block) - 1}`;
const earlier = (stage: string) => `layer${Number(stage) - 1}`;

const rules: Rules = [
  // Detectron
  [/^conv1_([wb])$/, (_, part) => `conv1.${caffeParts[part]}`],
  [/^(?:res_conv1|conv1)_(?:bn|gn)_(s|b|rm|riv)$/, (_, part) => `bn1.${caffeParts[part]}`],
  [/^res(\d)_(\d+)_branch2([abc])_([wb])$/, (_, stage, block, letter, part) => `${earlier(stage)}.${block}.conv${branch[letter]}.${caffeParts[part]}`],
  [/^res(\d)_(\d+)_branch2([abc])_(?:bn|gn)_(s|b|rm|riv)$/, (_, stage, block, letter, part) => `${earlier(stage)}.${block}.bn${branch[letter]}.${caffeParts[part]}`],
  [/^res(\d)_(\d+)_branch1_([wb])$/, (_, stage, block, part) => `${earlier(stage)}.${block}.downsample.0.${caffeParts[part]}`],
  [/^res(\d)_(\d+)_branch1_(?:bn|gn)_(s|b|rm|riv)$/, (_, stage, block, part) => `${earlier(stage)}.${block}.downsample.1.${caffeParts[part]}`],
  // detectron2
  [/^stem\.conv1\.norm\.(.+)$/, "bn1.$1"],
  [/^stem\.conv1\.(.+)$/, "conv1.$1"],
  [/^res(\d)\.(\d+)\.conv(\d)\.norm\.(.+)$/, (_, stage, block, n, part) => `${earlier(stage)}.${block}.bn${n}.${part}`],
  [/^res(\d)\.(\d+)\.shortcut\.norm\.(.+)$/, (_, stage, block, part) => `${earlier(stage)}.${block}.downsample.1.${part}`],
  [/^res(\d)\.(\d+)\.shortcut\.(.+)$/, (_, stage, block, part) => `${earlier(stage)}.${block}.downsample.0.${part}`],
  [/^res(\d)\.(\d+)\.conv(\d)_offset\.(.+)$/, (_, stage, block, n, part) => `${earlier(stage)}.${block}.conv${n}.conv_offset.${part}`],
  [/^res(\d)\.(\d+)\.(conv\d\..+)$/, (_, stage, block, rest) => `${earlier(stage)}.${block}.${rest}`],
  // detectron2's RegNet, which is pycls'
  [/^stem\.conv\.(.+)$/, "conv1.$1"],
  [/^stem\.bn\.(.+)$/, "bn1.$1"],
  [/^s(\d)\.b(\d+)\.proj\.(.+)$/, (_, stage, block, part) => `${fromOne(stage, block)}.downsample.0.${part}`],
  [/^s(\d)\.b(\d+)\.bn\.(.+)$/, (_, stage, block, part) => `${fromOne(stage, block)}.downsample.1.${part}`],
  [/^s(\d)\.b(\d+)\.f\.([abc])_bn\.(.+)$/, (_, stage, block, letter, part) => `${fromOne(stage, block)}.bn${branch[letter]}.${part}`],
  [/^s(\d)\.b(\d+)\.f\.([abc])\.(.+)$/, (_, stage, block, letter, part) => `${fromOne(stage, block)}.conv${branch[letter]}.${part}`],
  [/^s(\d)\.b(\d+)\.f\.se\.f_ex\.([02])\.(.+)$/, (_, stage, block, index, part) => `${fromOne(stage, block)}.se.fc${1 + Number(index) / 2}.${part}`],
  // torchvision's RegNet
  [/^stem\.0\.(.+)$/, "conv1.$1"],
  [/^stem\.1\.(.+)$/, "bn1.$1"],
  [/^trunk_output\.block\d\.block(\d)-(\d+)\.proj\.([01])\.(.+)$/, "layer$1.$2.downsample.$3.$4"],
  [/^trunk_output\.block\d\.block(\d)-(\d+)\.f\.([abc])\.([01])\.(.+)$/, (_, stage, block, letter, layer, part) => `layer${stage}.${block}.${layer === "0" ? "conv" : "bn"}${branch[letter]}.${part}`],
  [/^trunk_output\.block\d\.block(\d)-(\d+)\.f\.se\.(.+)$/, "layer$1.$2.se.$3"],
  // mmcv before deformable convolutions were modules
  [/^(layer\d\.\d+\.conv\d)_offset\.(.+)$/, "$1.conv_offset.$2"],
];

const resNet = /^(?:conv1|bn1|norm1|layer\d)\./;

function apply(name: string): string {
  const rule = rules.find(([pattern]) => pattern.test(name));
  if (rule === undefined) return name;
  const [pattern, target] = rule;
  return typeof target === "string" ? name.replace(pattern, target) : name.replace(pattern, (...parts: string[]) => target(...parts));
}

/** A backbone weight's name in the common form; undefined for what belongs to no backbone (pyramid, heads, classifier). */
export function backboneName(name: string): string | undefined {
  const bare = name.replace(prefixes, "");
  if (necks.test(bare)) return undefined;
  const common = apply(bare);
  return resNet.test(common) ? common : undefined;
}

/** Renamings of later versions, per source: files keep the names of their time. */
const renamings: Rules = [
  // torchvision 0.14: convolutions of pyramid and heads became blocks
  [/^(backbone\.fpn\.(?:inner|layer)_blocks\.\d+)\.(weight|bias)$/, "$1.0.$2"],
  [/^(head\.(?:classification|regression)_head\.conv)\.([0246])\.(weight|bias)$/, (_, place, index, part) => `${place}.${Number(index) / 2}.0.${part}`],
  [/^(rpn\.head\.conv)\.(weight|bias)$/, "$1.0.0.$2"],
  [/^(roi_heads\.mask_head)\.mask_fcn([1-4])\.(weight|bias)$/, (_, place, index, part) => `${place}.${Number(index) - 1}.0.${part}`],
  // mmdetection: FCOS's outputs, deformable convolutions
  [/^(bbox_head)\.fcos_(cls|reg|centerness)\.(.+)$/, "$1.conv_$2.$3"],
  [/^(backbone\.layer\d\.\d+\.conv\d)_offset\.(.+)$/, "$1.conv_offset.$2"],
];

/**
 * LGD's student is a detectron2 (or cvpods) detector taken apart: its body is `raw_backbone`, its pyramid both `backbone` and
 * `fpn` (`models/customized_detectors/`). The teacher and the adapter beside it are no part of the detector.
 */
const student: Rules = [
  [/^student\.raw_backbone\./, "backbone.bottom_up."],
  [/^student\.fpn\./, "backbone."],
  [/^student\./, ""],
];

/** Whether the file holds the same tensor under another name. */
export function isSecondName(name: string, has: (name: string) => boolean): boolean {
  const first = name.replace(/^((?:module\.)?student\.)fpn\./, "$1backbone.");
  return first !== name && has(first);
}

/** What a weight may be called by a detector, its own name first. */
export function laterNames(name: string): readonly string[] {
  const whole = name.replace(/^module\./, "");
  const lgd = student.find(([pattern]) => pattern.test(whole));
  const own = lgd === undefined ? whole : whole.replace(lgd[0], lgd[1] as string);
  const rule = renamings.find(([pattern]) => pattern.test(own));
  if (rule === undefined) return [own];
  const [pattern, target] = rule;
  return [own, typeof target === "string" ? own.replace(pattern, target) : own.replace(pattern, (...parts: string[]) => target(...parts))];
}

/**
 * Entries that are no weights: counters, constants that detectors keep among their buffers, and the bias that MSRA's first
 * convolution has in Caffe but Detectron's networks do not.
 */
export function isConstant(name: string): boolean {
  return name === "conv1_b" || /(^|\.)(num_batches_tracked|pixel_mean|pixel_std|loss_normalizer|integral\.project|data_preprocessor\.(mean|std))$|(^|\.)anchor_generator\./.test(name);
}

/** The classifier of ImageNet networks, which no detector has. */
export function isClassifier(name: string): boolean {
  return /^(?:module\.)?(?:fc|classifier|linear|stem\.fc|fc1000|pred)[._](?:weight|bias|w|b)$/.test(name);
}

/** Whose names these are, for messages. */
export function sourceOf(names: Iterable<string>): string {
  const all = [...names];
  const has = (pattern: RegExp) => all.some((name) => pattern.test(name));
  if (has(/_branch2[abc]_w$/)) return "Detectron";
  if (has(/(^|\.)(stem\.conv1|res2\.0)\./)) return "detectron2";
  if (has(/^(neck|bbox_head|rpn_head|roi_head)\./)) return "mmdetection";
  if (has(/^backbone\.(body|fpn)\.|^roi_heads\./)) return "torchvision";
  return has(/^(module\.)?(layer1|trunk_output)\./) ? "an ImageNet classifier" : "an unknown source";
}
