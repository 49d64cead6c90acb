import { JSDOM } from "jsdom";
import { expect, it } from "vitest";
import { displaySymbol } from "../../../lib/report/html.ts";
import { overlay } from "../../../lib/report/overlay.ts";

const image = {
  pixels: new Uint8Array(40 * 20 * 3), width: 40, height: 20,
  groundTruth: { boxes: [1, 2, 11, 8], labels: [0] },
  detections: { boxes: [2, 2, 12, 9, 30, 10, 40, 20, 5, 5, 9, 9], labels: [0, 0, 0], scores: [0.875, 0.2, 0.01] },
};

it("begins with the threshold, and shows what the reader asks for", async () => {
  const bundle = await overlay(image, { names: ["cell"], minScore: 0.05, threshold: 0.5 })[displaySymbol]();
  expect(bundle["text/plain"]).toBe("image 40 × 20: 1 annotated, 1 detected");
  const { window } = new JSDOM(bundle["text/html"] as string, { runScripts: "dangerously" });
  const shown = () => [...window.document.querySelectorAll<SVGElement>("[data-score]")].filter(({ style }) => style.display !== "none").map((element) => element.getAttribute("data-score"));
  const none = window.document.querySelector<HTMLElement>("[data-best]")!;
  expect(shown()).toEqual(["0.8750", "0.8750"]); // box and label
  const slider = window.document.querySelector("input")!;
  const move = (value: string) => { slider.value = value; slider.dispatchEvent(new window.Event("input")); };
  move("0.1");
  expect(shown()).toEqual(["0.8750", "0.2000", "0.2000", "0.8750"]); // the best label is drawn last
  expect(none.style.display).toBe("none");
  expect(window.document.querySelector("label")!.textContent).toBe("score ≥0.10");
  move("0.9");
  expect(shown()).toEqual([]);
  expect([none.style.display, none.textContent]).toEqual(["", "none ≥ 0.90; best 0.87"]);
  expect(window.document.querySelectorAll("g:not([data-score])").length).toBe(2); // ground truth stays
});

it("is not there unless asked for", async () => {
  const html = (await overlay(image, { names: ["cell"] })[displaySymbol]())["text/html"] as string;
  expect(html).not.toMatch(/<input|data-score/);
});
