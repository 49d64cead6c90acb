import type { SmallScale } from "./small.ts";

/** What the small profiles share: networks from scratch, and the methods' weights for their 32 channels. */
export const fromScratch = {
  channels: 32,
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
        retinanet: { factor: 6, reason: "a prototype tried .03, .1 and .3 at 32 channels, one seed, on the images that it also reported: .03 was best (a sum over channels asks for 256/32 = 8 times the published .005)" },
        other: { factor: 8, reason: "the term sums over channels: 256/32" },
      },
      head: {
        retinanet: { factor: 15, reason: "the prototype tried 0 and .3 beside α = .03, likewise; nothing between was tried" },
        other: { factor: 15, reason: "as RetinaNet's" },
      },
    },
  },
} as const satisfies Partial<SmallScale>;
