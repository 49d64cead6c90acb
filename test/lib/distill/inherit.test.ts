import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { loadBackend } from "../../../lib/backend/load.ts";
import type { Detector, ParameterGroup } from "../../../lib/detector/detector.ts";
import { fcos } from "../../../lib/detector/fcos.ts";
import { retinanet } from "../../../lib/detector/retinanet.ts";
import { inherit } from "../../../lib/distill/inherit.ts";
import { tinyDetector } from "./mimic.ts";

beforeAll(async () => void (await loadBackend()));

const values = (detector: Detector, group: ParameterGroup) => detector.parameters().filter((parameter) => parameter.group === group).map(({ variable }) => [...variable.dataSync()]);
const wide = (seed: number) => fcos({ preset: "tiny", classes: 3, seed, channels: 8, backbone: "tiny-8" });

function withTwo(make: () => [Detector, Detector], use: (student: Detector, teacher: Detector) => void): void {
  const before = tf.memory().numTensors;
  const [student, teacher] = make();
  try {
    use(student, teacher);
  } finally {
    student.dispose();
    teacher.dispose();
  }
  expect(tf.memory().numTensors).toBe(before);
}

describe("inherit", () => {
  it("copies head and what fits of the neck, and leaves the backbone; nothing is shared afterwards", () => {
    withTwo(() => [tinyDetector(1), tinyDetector(2)], (student, teacher) => {
      const backbone = values(student, "backbone");
      const { taken, kept } = inherit(student, teacher);
      expect(values(student, "neck")).toEqual(values(teacher, "neck"));
      expect(values(student, "head")).toEqual(values(teacher, "head"));
      expect(values(student, "backbone")).toEqual(backbone);
      expect(kept).toEqual([]);
      expect(taken).toEqual(student.parameters().filter(({ group }) => group === "neck" || group === "head").map(({ name }) => name));
      const [mine, theirs] = [student, teacher].map((detector) => detector.parameters().find(({ group }) => group === "head")!.variable);
      const was = [...theirs.dataSync()];
      tf.tidy(() => { mine.assign(tf.zerosLike(mine)); });
      expect([...theirs.dataSync()]).toEqual(was);
    });
  });

  it("names what does not fit and changes nothing, or keeps and lists it", () => {
    withTwo(() => [tinyDetector(1), wide(2)], (student, teacher) => {
      const [neck, head] = [values(student, "neck"), values(student, "head")];
      expect(() => inherit(student, teacher)).toThrow(/cannot inherit neck and head from the teacher .*shapes that differ \(.*: \[1, 1, \d+, 8\] in the student, \[1, 1, \d+, 8\] in the teacher/);
      expect([values(student, "neck"), values(student, "head")]).toEqual([neck, head]);
      const { kept } = inherit(student, teacher, { unfit: "keep" });
      expect(kept.length).toBeGreaterThan(0);
      expect(kept.every((line) => line.includes("in the student"))).toBe(true);
      expect(values(student, "head")).toEqual(values(teacher, "head"));
    });
  });

  it("takes the head alone when only that is asked for", () => {
    withTwo(() => [tinyDetector(1), wide(2)], (student, teacher) => {
      const neck = values(student, "neck");
      expect(inherit(student, teacher, { parts: ["head"] }).kept).toEqual([]);
      expect(values(student, "neck")).toEqual(neck);
      expect(values(student, "head")).toEqual(values(teacher, "head"));
    });
  });

  it("refuses a teacher of another kind, where nothing is common, and parts that are none", () => {
    withTwo(() => [tinyDetector(1), retinanet({ preset: "mmdet", classes: 3, seed: 2, channels: 8, backbone: "tiny-4" })], (student, teacher) => {
      expect(() => inherit(student, teacher, { parts: ["head"] })).toThrow(/cannot inherit head from the teacher/);
      expect(() => inherit(student, teacher, { parts: ["distill"] as never })).toThrow(/parts is \["distill"\]; it must list some of backbone, neck, head/);
      expect(() => inherit(student, teacher, { unfit: "ignore" as never })).toThrow(/unfit is "ignore"/);
    });
  });
});
