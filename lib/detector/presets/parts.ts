import type { BackboneConfig, NeckConfig } from "../config.ts";

/** ResNet-50 as torchvision's weights want it, stem and first stage frozen. */
export const resNet50: BackboneConfig = { name: "resnet-50", norm: { kind: "frozen" }, stride: "3x3", groups: 1, width: 64, frozenStages: 1 };

/** The same with a trained affine part of BatchNorm (mmdet). */
export const mmdetResNet50: BackboneConfig = { ...resNet50, norm: { kind: "affine" } };

/** ResNet-50 as MSRA's weights want it: a bottleneck halves in its first convolution. */
export const caffeResNet50: BackboneConfig = { ...resNet50, stride: "1x1" };

/** Our own small network, trained from scratch. */
export const tinyBackboneConfig: BackboneConfig = { name: "tiny-8", norm: { kind: "group", groups: 8 }, frozenStages: -1, stride: "3x3", groups: 1, width: 64 };

/** P3 to P5, and P6 and P7 from P5 with a ReLU before P7. */
export const denseNeck: NeckConfig = { first: 3, last: 5, extraLevels: 2, extraFrom: "p5", extraRelu: true, initialiser: "kaiming-uniform" };

/** P2 to P4: strides 4, 8 and 16. */
export const tinyNeck: NeckConfig = { first: 2, last: 4, extraLevels: 0, extraFrom: "p5", extraRelu: false, initialiser: "kaiming-uniform" };
