import * as tf from "@tensorflow/tfjs-core";
import { spawnSync } from "node:child_process";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import { conv } from "../../../lib/tensor/conv.ts";
import { deformableConv, type DeformableConvOptions } from "../../../lib/tensor/deformable-conv.ts";
import { expectClose } from "../../close.ts";
import { testPython } from "../../python.ts";
import { expectGradients, expectNoLeak, normal } from "./finite-difference.ts";

beforeAll(async () => { await loadBackend(); });

interface Case {
  readonly name: string;
  readonly x: [number, number, number, number];
  readonly filter: [number, number, number, number];
  readonly size: [number, number];
  readonly options: Required<DeformableConvOptions>;
}

const plain = { stride: 1, padding: 1, dilation: 1, groups: 1, deformGroups: 1 };
const cases: Case[] = [
  { name: "3×3", x: [2, 5, 6, 4], filter: [3, 3, 4, 3], size: [5, 6], options: plain },
  { name: "stride 2, even size", x: [2, 6, 8, 4], filter: [3, 3, 4, 2], size: [3, 4], options: { ...plain, stride: 2 } },
  { name: "dilation 2", x: [1, 6, 7, 2], filter: [3, 3, 2, 2], size: [6, 7], options: { ...plain, padding: 2, dilation: 2 } },
  { name: "groups", x: [1, 5, 5, 6], filter: [3, 3, 2, 6], size: [5, 5], options: { ...plain, groups: 3 } },
  { name: "deformable groups", x: [2, 4, 5, 6], filter: [3, 3, 6, 2], size: [4, 5], options: { ...plain, deformGroups: 2 } },
  { name: "groups, deformable groups, a filter that is not square", x: [1, 5, 6, 4], filter: [1, 3, 2, 4], size: [3, 2], options: { stride: 2, padding: 0, dilation: 1, groups: 2, deformGroups: 4 } },
];

type Operands = Record<"x" | "offset" | "mask" | "filter", tf.Tensor4D>;

/** Offsets reach beyond the map; `smooth` keeps them a tenth of a cell from whole numbers, where the gradient jumps. */
function operands({ x, filter, size, options: { deformGroups: d } }: Case, { smooth = false } = {}): Operands {
  const taps = filter[0] * filter[1];
  const offset = normal([x[0], ...size, 2 * d * taps], "offset", { scale: 1.5 });
  const away = tf.add(tf.floor(offset), tf.add(tf.mul(tf.sub(offset, tf.floor(offset)), 0.8), 0.1));
  return { x: normal(x, "x") as tf.Tensor4D, offset: (smooth ? away : offset) as tf.Tensor4D, mask: tf.sigmoid(normal([x[0], ...size, d * taps], "mask")) as tf.Tensor4D, filter: normal(filter, "w") as tf.Tensor4D };
}

/** The definition, sample by sample in double precision. */
function reference({ x, filter, size: [oh, ow], options }: Case, given: Operands): Float64Array {
  const [batch, height, width, channels] = x;
  const [kh, kw, input, output] = filter;
  const { stride, padding, dilation, groups, deformGroups: d } = options;
  const [map, offset, mask, weights] = [given.x, given.offset, given.mask, given.filter].map((tensor) => tensor.dataSync());
  const y = new Float64Array(batch * oh * ow * output);
  const cell = (b: number, r: number, c: number, k: number) => (r < 0 || c < 0 || r >= height || c >= width ? 0 : map[((b * height + r) * width + c) * channels + k]);
  const sample = (b: number, r: number, c: number, k: number) => {
    const [r0, c0] = [Math.floor(r), Math.floor(c)];
    const [u, v] = [r - r0, c - c0];
    return (1 - u) * ((1 - v) * cell(b, r0, c0, k) + v * cell(b, r0, c0 + 1, k)) + u * ((1 - v) * cell(b, r0 + 1, c0, k) + v * cell(b, r0 + 1, c0 + 1, k));
  };
  for (let p = 0; p < batch * oh * ow; p++) {
    const [b, r, c] = [Math.floor(p / (oh * ow)), Math.floor(p / ow) % oh, p % ow];
    for (let o = 0; o < output; o++) {
      const group = Math.floor(o / (output / groups));
      for (let tap = 0; tap < kh * kw; tap++) {
        for (let i = 0; i < input; i++) {
          const k = group * input + i;
          const at = p * d * kh * kw + Math.floor(k / (channels / d)) * kh * kw + tap;
          const row = r * stride - padding + Math.floor(tap / kw) * dilation + offset[2 * at];
          const column = c * stride - padding + (tap % kw) * dilation + offset[2 * at + 1];
          y[p * output + o] += weights[(tap * input + i) * output + o] * mask[at] * sample(b, row, column, k);
        }
      }
    }
  }
  return y;
}

/** PyTorch's own sampling and gradients: a grid_sample per tap and deformable group. */
const script = `
import json, sys, torch
import torch.nn.functional as F
def answer(case):
  o, (kh, kw) = case["options"], case["kernel"]
  t = {k: torch.tensor(v["data"], dtype=torch.float64).reshape(v["shape"]).permute(*v["order"]).contiguous().requires_grad_() for k, v in case["tensors"].items()}
  x, offset, mask, filter = t["x"], t["offset"], t["mask"], t["filter"]
  (b, c, h, w), (oh, ow), d = x.shape, offset.shape[2:], o["deformGroups"]
  def sampled(tap, group):
      at = group * kh * kw + tap
      ys = torch.arange(oh)[:, None] * o["stride"] - o["padding"] + (tap // kw) * o["dilation"] + offset[:, 2 * at]
      xs = torch.arange(ow)[None, :] * o["stride"] - o["padding"] + (tap % kw) * o["dilation"] + offset[:, 2 * at + 1]
      grid = torch.stack([2 * xs / (w - 1) - 1, 2 * ys / (h - 1) - 1], -1)
      return F.grid_sample(x[:, group * c // d:(group + 1) * c // d], grid, align_corners=True) * mask[:, at:at + 1]
  columns = torch.stack([torch.cat([sampled(tap, g) for g in range(d)], 1) for tap in range(kh * kw)], 2)
  y = F.conv2d(columns.reshape(b, c, kh * kw, oh * ow), filter.reshape(*filter.shape[:2], kh * kw, 1), groups=o["groups"]).reshape(b, -1, oh, ow)
  (y * torch.arange(y.numel(), dtype=torch.float64).reshape(b, oh, ow, -1).permute(0, 3, 1, 2).sin()).sum().backward()
  back = {"x": (0, 2, 3, 1), "offset": (0, 2, 3, 1), "mask": (0, 2, 3, 1), "filter": (2, 3, 1, 0)}
  return {"y": y.permute(0, 2, 3, 1).flatten().tolist(), **{k: t[k].grad.permute(*p).flatten().tolist() for k, p in back.items()}}
print(json.dumps([answer(case) for case in json.load(sys.stdin)]))
`;

type Answer = Record<"y" | keyof Operands, number[]>;

function question({ filter, options }: Case, given: Operands): object {
  const orders = { x: [0, 3, 1, 2], offset: [0, 3, 1, 2], mask: [0, 3, 1, 2], filter: [3, 2, 0, 1] };
  const tensors = Object.fromEntries(Object.entries(given).map(([key, tensor]) => [key, { shape: tensor.shape, data: Array.from(tensor.dataSync()), order: orders[key as keyof Operands] }]));
  return { options, kernel: filter.slice(0, 2), tensors };
}

function pytorch(python: string, questions: readonly object[]): Answer[] {
  const { stdout, stderr, status } = spawnSync(python, ["-c", script], { input: JSON.stringify(questions), encoding: "utf8", maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Answer[];
}

const python = testPython(["torch"]);

describe.skipIf(python === undefined)("deformableConv beside PyTorch's grid_sample", () => {
  let answers: Answer[] = [];
  beforeAll(() => {
    tf.tidy(() => { answers = pytorch(python!, cases.map((one) => question(one, operands(one, { smooth: true })))); });
  });

  it.each(cases.map((one, i) => [one.name, one, i] as const))("%s: output and gradients", (_, one, at) => {
    tf.tidy(() => {
      const given = operands(one, { smooth: true });
      const answer = answers[at];
      const { x, offset, mask, filter } = given;
      const f = (...[a, o, m, w]: tf.Tensor[]) => deformableConv({ x: a as tf.Tensor4D, offset: o as tf.Tensor4D, mask: m as tf.Tensor4D, filter: w as tf.Tensor4D }, one.options);
      const y = f(x, offset, mask, filter);
      expectClose(y.dataSync(), answer.y, { absolute: 1e-5, relative: 1e-5 });
      const dy = tf.tensor(Float32Array.from({ length: y.size }, (_, i) => Math.sin(i)), y.shape);
      const gradients = tf.grads(f)([x, offset, mask, filter], dy);
      for (const [i, key] of (["x", "offset", "mask", "filter"] as const).entries()) expectClose(gradients[i].dataSync(), answer[key], { absolute: 5e-5, relative: 5e-5 });
    });
  });
});

describe("deformableConv", () => {
  it.each(cases.map((one) => [one.name, one] as const))("%s is its definition", (_, one) => {
    tf.tidy(() => {
      const given = operands(one);
      const y = deformableConv(given, one.options);
      expect(y.shape).toEqual([one.x[0], ...one.size, one.filter[3]]);
      expectClose(y.dataSync(), reference(one, given), { absolute: 1e-5, relative: 1e-5 });
    });
  });

  it.each(cases.map((one) => [one.name, one] as const))("%s: gradients of input, offset, mask and filter", (_, one) => {
    tf.tidy(() => {
      const { x, offset, mask, filter } = operands(one, { smooth: true });
      const f = (...[a, o, m, w]: tf.Tensor[]) => deformableConv({ x: a as tf.Tensor4D, offset: o as tf.Tensor4D, mask: m as tf.Tensor4D, filter: w as tf.Tensor4D }, one.options);
      expectGradients(f, [x, offset, mask, filter], { step: 5e-3 });
    });
  });

  it.each([1, 3])("without mask and offsets it is the convolution in %i groups, with the same gradients", (groups) => {
    tf.tidy(() => {
      const [x, filter] = [normal([2, 7, 8, 6], "x"), normal([3, 3, 6 / groups, 6], "w")];
      const options = { stride: 2, padding: 1, groups };
      const offset = tf.zeros<tf.Rank.R4>([2, 4, 4, 18]);
      const [deformed, plainly] = [
        (a: tf.Tensor, w: tf.Tensor) => deformableConv({ x: a as tf.Tensor4D, filter: w as tf.Tensor4D, offset }, options),
        (a: tf.Tensor, w: tf.Tensor) => conv(a as tf.Tensor4D, w as tf.Tensor4D, options),
      ].map((f) => tf.valueAndGrads(f)([x, filter]));
      expectClose(deformed.value.dataSync(), plainly.value.dataSync(), { absolute: 1e-5 });
      for (const i of [0, 1]) expectClose(deformed.grads[i].dataSync(), plainly.grads[i].dataSync(), { absolute: 1e-4 });
    });
  });

  it("makes the samples of large maps in pieces, with the same result", () => {
    tf.tidy(() => {
      const large: Case = { name: "", x: [1, 30, 31, 2048], filter: [3, 3, 2048, 1], size: [30, 31], options: plain };
      const given = operands(large);
      const f = (a: tf.Tensor, o: tf.Tensor, m: tf.Tensor, w: tf.Tensor) => deformableConv({ x: a as tf.Tensor4D, offset: o as tf.Tensor4D, mask: m as tf.Tensor4D, filter: w as tf.Tensor4D }, plain);
      const whole = tf.valueAndGrads(f)([given.x, given.offset, given.mask, given.filter]);
      expectClose(whole.value.dataSync(), reference(large, given), { absolute: 2e-3 });
      const halves = [0, 1024].map((start) => {
        const [x, filter] = [tf.slice(given.x, [0, 0, 0, start], [1, 30, 31, 1024]), tf.slice(given.filter, [0, 0, start, 0], [3, 3, 1024, 1])];
        return tf.valueAndGrads(f)([x, given.offset, given.mask, filter]);
      });
      expectClose(whole.grads[0].dataSync(), tf.concat([halves[0].grads[0], halves[1].grads[0]], 3).dataSync(), { absolute: 1e-4 });
      for (const i of [1, 2]) expectClose(whole.grads[i].dataSync(), tf.add(halves[0].grads[i], halves[1].grads[i]).dataSync(), { absolute: 2e-3 });
      expectClose(whole.grads[3].dataSync(), tf.concat([halves[0].grads[3], halves[1].grads[3]], 2).dataSync(), { absolute: 1e-3 });
    });
  });

  it("reads 0 far outside, at infinity too, and shows what is not a number", () => {
    tf.tidy(() => {
      const [x, filter] = [tf.ones<tf.Rank.R4>([1, 2, 2, 1]), tf.ones<tf.Rank.R4>([1, 1, 1, 1])];
      const offset = tf.tensor4d([1e30, 0, -1e30, 0, 0, -Infinity, NaN, 0], [1, 2, 2, 2]);
      expect(Array.from(deformableConv({ x, offset, filter }).dataSync())).toEqual([0, 0, 0, NaN]);
    });
  });

  it("leaves no tensor behind, and names shapes that do not fit", () => {
    const { x, offset, mask, filter }: Operands = tf.tidy(() => operands(cases[0]));
    expectNoLeak(() => deformableConv({ x, offset, mask, filter }, plain).dispose());
    expectNoLeak(() => tf.dispose(tf.grad((w: tf.Tensor) => deformableConv({ x, offset, mask, filter: w as tf.Tensor4D }, plain))(filter)));
    expectNoLeak(() => expect(() => deformableConv({ x, offset: mask, filter }, plain)).toThrow("the offset has shape [2, 5, 6, 9]; it must be [2, 5, 6, 18]"));
    expectNoLeak(() => expect(() => deformableConv({ x, offset, filter }, { ...plain, deformGroups: 3 })).toThrow("the deformable groups must divide the input channels"));
    tf.dispose([x, offset, mask, filter]);
  });
});
