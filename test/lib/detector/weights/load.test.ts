import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../../lib/backend/load.ts";
import type { Detector } from "../../../../lib/detector/detector.ts";
import { retinanet, type RetinaNetOptions } from "../../../../lib/detector/retinanet.ts";
import { loadWeights, type LoadWeightsOptions } from "../../../../lib/detector/weights/load.ts";
import { backboneName } from "../../../../lib/detector/weights/names.ts";
import { readWeights } from "../../../../lib/detector/weights/read.ts";
import { writeSafetensors, type StoredTensor } from "../../../../lib/detector/weights/safetensors.ts";
import { convertWeights, saveWeights } from "../../../../lib/detector/weights/save.ts";
import { expectNoLeak, normal } from "../../tensor/finite-difference.ts";
import { forgePth } from "./forge.ts";

const folder = mkdtempSync(join(tmpdir(), "potstill-load-"));
beforeAll(async () => { await loadBackend(); });
afterAll(() => { rmSync(folder, { recursive: true }); });

type Preset = "torchvision" | "mmdet" | "detectron2-lgd";

const make = (preset: Preset, seed: number, options: Partial<RetinaNetOptions> = {}): Detector =>
  retinanet({ preset, backbone: { name: "resnet-tiny", norm: { kind: "frozen" } }, channels: 8, classes: 2, seed, head: { convs: 1 }, ...options });

function withDetectors<T>(detectors: readonly Detector[], f: () => T): T {
  try {
    return f();
  } finally {
    for (const detector of detectors) detector.dispose();
  }
}

const images = () => normal([1, 64, 64, 3], "images") as tf.Tensor4D;

/** Every output, as text: comparing long arrays element by element is slow. */
function maps(detector: Detector): string {
  let text = "";
  tf.tidy(() => {
    const { pyramid, logits, boxes } = detector.forward(images());
    text = [...pyramid, ...logits, ...boxes].map((map) => digest(map.dataSync<"float32">())).join();
  });
  return text;
}

function digest(values: Float32Array): string {
  expect(values.every(Number.isFinite)).toBe(true);
  return createHash("md5").update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength)).digest("hex");
}

/** Moves every parameter, so that statistics and norms differ from their starts too. */
function scramble(detector: Detector): Detector {
  for (const { name, variable } of detector.parameters()) {
    tf.tidy(() => { variable.assign(tf.add(variable, tf.mul(tf.abs(normal(variable.shape, name)), name.endsWith("weight") ? 0.01 : 0.2))); });
  }
  return detector;
}

/** Saves a detector's weights under other names. */
function rename(detector: Detector, to: string, name: (own: string) => string | undefined): string {
  const path = join(folder, to);
  saveWeights(detector, path);
  const { tensors } = readWeights(path);
  writeSafetensors(path, new Map([...tensors].flatMap(([own, value]) => (name(own) === undefined ? [] : [[name(own)!, value as StoredTensor] as const]))));
  return path;
}

describe("saved weights", () => {
  it("give the same outputs when they are loaded again, and say where they come from", () => {
    const [from, to] = [scramble(make("torchvision", 1)), make("torchvision", 2)];
    withDetectors([from, to], () => {
      const path = join(folder, "saved.safetensors");
      expectNoLeak(() => { saveWeights(from, path, { iteration: "7" }); });
      expect(readWeights(path).metadata).toMatchObject({ format: "pt", producer: "potstill", detector: from.name, iteration: "7" });
      expect(readWeights(path).tensors.get("head.classification_head.cls_logits.weight")!.shape).toEqual([18, 8, 3, 3]);
      expectNoLeak(() => {
        const report = loadWeights(to, path);
        expect(report).toEqual({ loaded: from.parameters().map(({ name }) => name), kept: [], folded: [], unused: [] });
      });
      expect(maps(to)).toEqual(maps(from));
    });
  });

  it("are converted with names, values and provenance", () => {
    const [from, to] = [join(folder, "in.pth"), join(folder, "out.safetensors")];
    const detector = make("torchvision", 1);
    withDetectors([detector], () => { saveWeights(detector, from); });
    const { tensors } = convertWeights(from, to);
    expect(tensors).toBe(readWeights(from).tensors.size);
    const digests = (path: string) => [...readWeights(path).tensors].map(([name, { shape, data }]) => [name, [...shape], digest(data)]);
    expect(digests(to)).toEqual(digests(from));
    expect(readWeights(to).metadata).toMatchObject({ source: "in.pth", source_format: "safetensors", source_sha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
  });
});

describe("backbones from any source", () => {
  const backbones = ["resnet-tiny", "regnet-x-tiny", "regnet-y-tiny"];

  it.each(backbones)("%s has one set of common names, whoever names it", (backbone) => {
    const sets = (["torchvision", "mmdet", "detectron2-lgd"] as const).map((preset) => {
      const detector = make(preset, 1, { backbone });
      return withDetectors([detector], () => {
        const own = detector.parameters();
        expect(own.filter(({ name, group }) => (backboneName(name) !== undefined) !== (group === "backbone")).map(({ name }) => name)).toEqual([]);
        return own.flatMap(({ name }) => backboneName(name) ?? []).sort();
      });
    });
    expect(new Set(sets[0]).size).toBe(sets[0].length);
    expect(sets[0]).toContain("layer1.0.conv1.weight");
    expect(sets[1]).toEqual(sets[0]);
    expect(sets[2]).toEqual(sets[0]);
  });

  const presets: Preset[] = ["torchvision", "mmdet", "detectron2-lgd"];
  it.each(presets.flatMap((from) => presets.map((to) => [from, to] as const)))("a ResNet of %s goes into a detector of %s", (one, other) => {
    const stride = { name: "resnet-tiny", stride: "3x3", norm: { kind: "frozen" } } as const;
    const [from, to] = [scramble(make(one, 1, { backbone: stride })), make(other, 2, { backbone: stride })];
    withDetectors([from, to], () => {
      const path = join(folder, "backbone.safetensors");
      saveWeights(from, path);
      const before = to.parameters().find(({ group }) => group === "head")!.variable.dataSync().slice();
      const report = loadWeights(to, path, { only: "backbone" });
      expect(report.loaded).toEqual(to.parameters().filter(({ group }) => group === "backbone").map(({ name }) => name));
      const values = (detector: Detector) => new Map(detector.parameters().flatMap(({ name, variable }) => (backboneName(name) === undefined ? [] : [[backboneName(name)!, digest(variable.dataSync<"float32">())] as const])));
      expect(values(to)).toEqual(values(from));
      expect(to.parameters().find(({ group }) => group === "head")!.variable.dataSync()).toEqual(before);
    });
  });

  it("an ImageNet classifier, with and without its last layer, goes into a backbone", () => {
    const [from, to] = [scramble(make("torchvision", 1)), make("mmdet", 2)];
    withDetectors([from, to], () => {
      const path = rename(from, "classifier.safetensors", (own) => (own.startsWith("backbone.body.") ? own.slice("backbone.body.".length) : own === "head.regression_head.bbox_reg.bias" ? "fc.bias" : undefined));
      expect(loadWeights(to, path, { only: "backbone" }).unused).toEqual(["fc.bias"]);
      expect(() => loadWeights(to, path)).toThrow(/parameters without a value \(backbone\.conv1\.weight, .*The detector is named as mmdetection's, the file is of an ImageNet classifier\. Ask for a part by name: \{ only: "backbone" \}/);
    });
  });

  it("Detectron's networks with folded statistics: scale and shift alone are applied", () => {
    const to = make("detectron2-lgd", 2);
    withDetectors([to], () => {
      const caffe = (common: string) => common
        .replace(/^conv1\.weight$/, "conv1_w")
        .replace(/^bn1\.weight$/, "res_conv1_bn_s").replace(/^bn1\.bias$/, "res_conv1_bn_b")
        .replace(/^layer(\d)\.(\d+)\.(conv|bn)(\d)\.(weight|bias)$/, (_, stage, block, kind, n, part: string) => `res${Number(stage) + 1}_${block}_branch2${"abc"[Number(n) - 1]}_${kind === "bn" ? `bn_${part === "weight" ? "s" : "b"}` : "w"}`)
        .replace(/^layer(\d)\.(\d+)\.downsample\.(\d)\.(weight|bias)$/, (_, stage, block, kind, part: string) => `res${Number(stage) + 1}_${block}_branch1_${kind === "1" ? `bn_${part === "weight" ? "s" : "b"}` : "w"}`);
      const path = rename(to, "caffe.safetensors", (own) => { const common = backboneName(own); return common === undefined || /running_/.test(common) ? undefined : caffe(common); });
      expect([...readWeights(path).tensors.keys()]).toContain("res2_0_branch2a_bn_s");
      const report = loadWeights(to, path, { only: "backbone" });
      expect(report.folded).toEqual(to.parameters().map(({ name }) => name).filter((name) => name.includes(".running_")));
      const variance = to.parameters().find(({ name }) => name === "backbone.bottom_up.res2.0.conv1.norm.running_var")!.variable;
      expect(variance.dataSync()[0]).toBe(Math.fround(1 - 1e-5));
    });
  });
});

describe("names of earlier versions", () => {
  it("torchvision's before 0.14, mmdetection's FCOS outputs", () => {
    const [from, to] = [scramble(make("torchvision", 1, { head: { convs: 4 } })), make("torchvision", 2, { head: { convs: 4 } })];
    withDetectors([from, to], () => {
      const path = rename(from, "old.safetensors", (own) => own
        .replace(/((?:inner|layer)_blocks\.\d)\.0\./, "$1.")
        .replace(/(head\.conv)\.(\d)\.0\./, (_, place: string, i: string) => `${place}.${2 * Number(i)}.`));
      expect([...readWeights(path).tensors.keys()]).toEqual(expect.arrayContaining(["backbone.fpn.inner_blocks.2.weight", "head.regression_head.conv.6.bias"]));
      loadWeights(to, path);
      expect(maps(to)).toEqual(maps(from));
    });
  });
});

describe("LGD's students", () => {
  /** As LGD's checkpoints have them: body and pyramid taken apart, the pyramid under two names, teacher and adapter beside it. */
  function student(from: Detector, to: string): string {
    const path = rename(from, to, (own) => `student.${own.replace(/^backbone\.bottom_up\./, "raw_backbone.")}`);
    const record = new Map<string, StoredTensor>([...readWeights(path).tensors] as [string, StoredTensor][]);
    for (const [name, value] of [...record]) if (name.startsWith("student.backbone.")) record.set(name.replace(".backbone.", ".fpn."), value);
    const scalar = { shape: [1], data: new Float32Array(1) };
    for (const name of ["student.pixel_mean", "student.anchor_generator.cell_anchors.0", "teacher.label_encoder_.conv1.weight", "adapter.distill.adapter.0.weight"]) record.set(name, scalar);
    writeSafetensors(path, record);
    return path;
  }

  it("go into detectors of their own preset, and their bodies into any", () => {
    const [from, to, other] = [scramble(make("detectron2-lgd", 1)), make("detectron2-lgd", 2), make("torchvision", 3)];
    withDetectors([from, to, other], () => {
      const path = student(from, "lgd.safetensors");
      expect([...readWeights(path).tensors.keys()]).toEqual(expect.arrayContaining(["student.raw_backbone.stem.conv1.weight", "student.backbone.fpn_lateral3.weight", "student.fpn.fpn_lateral3.weight", "student.head.cls_subnet.0.weight"]));
      expect(() => loadWeights(to, path)).toThrow(/2 values without a parameter \(adapter\.distill\.adapter\.0\.weight, teacher\.label_encoder_\.conv1\.weight\)/);
      expect(loadWeights(to, path, { ignore: ["teacher.*", "adapter.*"] })).toMatchObject({ kept: ["loss_normalizer"], unused: ["adapter.distill.adapter.0.weight", "teacher.label_encoder_.conv1.weight"] });
      expect(maps(to)).toEqual(maps(from));
      expect(loadWeights(other, path, { only: "backbone" }).loaded).toEqual(other.parameters().filter(({ group }) => group === "backbone").map(({ name }) => name));
    });
  });

  it("number the layers of a head with norms in threes, as detectron2 does", () => {
    const [plain, normed] = [make("detectron2-lgd", 1, { head: { convs: 2 } }), make("detectron2-lgd", 1, { head: { convs: 2, norm: { kind: "group", groups: 4 } } })];
    withDetectors([plain, normed], () => {
      const towers = (detector: Detector) => detector.parameters().map(({ name }) => name).filter((name) => name.startsWith("head.cls_subnet.") && name.endsWith(".weight"));
      expect(towers(plain)).toEqual(["head.cls_subnet.0.weight", "head.cls_subnet.2.weight"]);
      expect(towers(normed)).toEqual([0, 1, 3, 4].map((i) => `head.cls_subnet.${i}.weight`));
    });
  });
});

describe("loading that does not fit", () => {
  const attempt = (options: LoadWeightsOptions, change: (record: Map<string, StoredTensor>) => void) => {
    const detector = make("torchvision", 1);
    return withDetectors([detector], () => {
      const path = join(folder, "changed.safetensors");
      saveWeights(detector, path);
      const record = new Map([...readWeights(path).tensors]) as Map<string, StoredTensor>;
      change(record);
      writeSafetensors(path, record);
      const before = maps(detector);
      for (const { variable } of detector.parameters()) variable.assign(tf.tidy(() => tf.mul(variable, 1)));
      try {
        return loadWeights(detector, path, options);
      } catch (error) {
        expect(maps(detector)).toEqual(before);
        throw error;
      }
    });
  };
  const logits = "head.classification_head.cls_logits";
  const otherClasses = (record: Map<string, StoredTensor>) => {
    record.set(`${logits}.weight`, { shape: [45, 8, 3, 3], data: new Float32Array(45 * 8 * 9) });
    record.set(`${logits}.bias`, { shape: [45], data: new Float32Array(45) });
  };

  it("lists what is missing, left over and of another shape", () => {
    expect(() => attempt({}, (record) => {
      record.delete("backbone.body.conv1.weight");
      record.set("surplus", { shape: [1], data: new Float32Array(1) });
      otherClasses(record);
    })).toThrow(/changed\.safetensors do not fit the detector: 1 parameters without a value \(backbone\.body\.conv1\.weight\); 1 values without a parameter \(surplus\); 2 shapes that differ \(head\.classification_head\.cls_logits\.weight: \[45, 8, 3, 3\] in the file, \[18, 8, 3, 3\] in the detector, /);
  });

  it("keeps a head for other classes where it is asked to by name", () => {
    const report = attempt({ optional: [`${logits}.*`] }, otherClasses);
    expect(report.kept).toEqual([`${logits}.weight`, `${logits}.bias`]);
    expect(report.unused).toEqual([]);
    expect(() => attempt({ optional: [`${logits}.bias`] }, otherClasses)).toThrow("1 shapes that differ");
  });

  it("passes over what it is told to, counters and constants", () => {
    const extra = (record: Map<string, StoredTensor>) => {
      for (const name of ["roi_heads.mask_head.0.0.weight", "backbone.body.bn1.num_batches_tracked", "pixel_mean"]) record.set(name, { shape: [1], data: new Float32Array(1) });
    };
    expect(attempt({ ignore: ["roi_heads.*"] }, extra).unused).toEqual(["roi_heads.mask_head.0.0.weight"]);
    expect(() => attempt({}, extra)).toThrow("1 values without a parameter (roi_heads.mask_head.0.0.weight)");
  });

  it("loads the neck alone, and does not pass over a backbone's entry that fits nowhere", () => {
    const report = attempt({ only: ["neck"] }, () => undefined);
    expect(report.loaded.every((name) => name.startsWith("backbone.fpn."))).toBe(true);
    expect(() => attempt({ only: "backbone" }, (record) => { record.set("backbone.body.layer4.9.conv1.weight", { shape: [1], data: new Float32Array(1) }); })).toThrow("values without a parameter (backbone.body.layer4.9.conv1.weight)");
    expect(() => attempt({ only: "backbone" }, (record) => { record.delete("backbone.body.conv1.weight"); })).toThrow(/without a value \(backbone\.body\.conv1\.weight\)\. Is it a file of this backbone.*\{ optional/);
  });

  it("refuses NaN before anything is changed, and files that are none", () => {
    expect(() => attempt({}, (record) => { record.get("backbone.body.bn1.bias")!.data[3] = NaN; })).toThrow(/tensor backbone\.body\.bn1\.bias holds NaN at element 3 of 8/);
    const detector = make("torchvision", 1);
    withDetectors([detector], () => {
      expect(() => loadWeights(detector, forgePth())).toThrow(/the weights of the given bytes do not fit the detector: \d+ parameters without a value .*1 values without a parameter \(w\)/);
    });
  });
});

describe("conventions of the source", () => {
  it("another ε in the norms: scales are adapted so that the network stays what it was", () => {
    const [from, to] = [scramble(make("torchvision", 1)), make("torchvision", 2)];
    withDetectors([from, to], () => {
      const path = join(folder, "epsilon.safetensors");
      saveWeights(from, path);
      loadWeights(to, path, { epsilon: 0 });
      const value = (detector: Detector, part: string) => detector.parameters().find(({ name }) => name === `backbone.body.bn1.${part}`)!.variable.dataSync()[5];
      const wanted = value(from, "weight") / Math.sqrt(value(from, "running_var"));
      expect(value(to, "weight") / Math.sqrt(value(to, "running_var") + 1e-5)).toBeCloseTo(wanted, 5);
      expect(value(to, "weight")).not.toBe(value(from, "weight"));
      expect(() => loadWeights(to, path, { epsilon: -1 })).toThrow("epsilon is -1; it must be from 0");
    });
  });

  it("RGB and BGR change places in the first convolution alone", () => {
    const [from, to] = [scramble(make("torchvision", 1)), make("torchvision", 2)];
    withDetectors([from, to], () => {
      const path = join(folder, "channels.safetensors");
      saveWeights(from, path);
      loadWeights(to, path, { swapChannels: true });
      tf.tidy(() => {
        const difference = from.extract(images()).map((map, l) => tf.max(tf.abs(tf.sub(map, to.extract(tf.reverse(images(), 3))[l]))).dataSync()[0]);
        expect(Math.max(...difference)).toBeLessThan(1e-4);
        expect(tf.max(tf.abs(tf.sub(from.extract(images())[0], to.extract(images())[0]))).dataSync()[0]).toBeGreaterThan(1e-3);
      });
    });
  });
});
