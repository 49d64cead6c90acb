import type { SmallScale } from "./small.ts";

/**
 * Synthetic scenes on two CPU cores in half an hour for everything: it proves the pipeline, and little else. Networks from
 * scratch with GroupNorm, three levels, square anchors.
 */
export const smoke: SmallScale = {
  profile: "smoke",
  channels: 32,
  batchSize: 8,
  transforms: { flip: 0.5, padTo: 32, normalise: "simple" },
  // Of 150, 200 and 300 iterations a RetinaNet had AP 36, 41 and 46, its teacher 52: 150 leave room, and all trainings take half an hour.
  iterations: { "1x": 100, "2x": 150, "2x-ms": 150, "180k": 150 },
  learningRate: { mmdet: 0.006, "detectron2-lgd": 0.006, labelenc: 0.006 },
  teachers: { iterations: 400, learningRate: 0.004 },
  warmup: 30,
  weightDecay: 1e-4,
  clipNorm: 10,
  // Wider is stronger from scratch; a teacher must be clearly stronger than its student to show anything.
  networks: {
    "resnet-50": { name: "tiny-8" },
    "resnet-101": { name: "tiny-16", teaching: "tiny-24" },
    "resnext-101-64x4d": { name: "tiny-32", teaching: "tiny-32" },
    "resnext-101-32x4d-dcn": { name: "tiny-32", teaching: "tiny-32" },
  },
  regNets: {
    "regnet-x-400mf": { name: "tiny-8" },
    "regnet-x-800mf": { name: "tiny-12", teaching: "tiny-12" },
    "regnet-x-1.6gf": { name: "tiny-16", teaching: "tiny-16" },
    "regnet-x-3.2gf": { name: "tiny-24", teaching: "tiny-24" },
  },
  weights: {
    sssd: {
      lambda: { factor: 18 / 50, reason: "the element mean inside the root makes λ* go with √C: √(32/256) · 50 = 17.7; calibrated here: 18" },
    },
    frs: {
      feature: {
        retinanet: { factor: 6, reason: "tried .03, .1 and .3 at 32 channels: .03 was best (a sum over channels asks for 256/32 = 8 times the published .005)" },
        other: { factor: 8, reason: "the term sums over channels: 256/32" },
      },
      head: {
        retinanet: { factor: 15, reason: "tried 0 and .3 beside α = .03; nothing between was tried" },
        other: { factor: 15, reason: "as RetinaNet's" },
      },
    },
  },
};
