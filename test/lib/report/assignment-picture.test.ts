import { expect, it } from "vitest";
import { assignmentPicture } from "../../../lib/report/assignment-picture.ts";
import { classColour } from "../../../lib/report/palette.ts";
import { shown, smallLook, telling, twoCells } from "./views.ts";

const look = smallLook();

/** Paths that fill cells, by colour: what is drawn and what the tooltip says. */
function fills(document: Document) {
  return [...document.querySelectorAll("path[fill^='#']")].map((path) => [path.getAttribute("fill"), path.getAttribute("d"), path.textContent]);
}

it("fills positive cells in their object's colour, shares cells, and hatches ignored ones", async () => {
  const { document } = await shown(assignmentPicture(telling("anchors", [twoCells("box", [0, 1, -2, -1])]), look));
  expect(fills(document)).toEqual([
    [classColour(1), "M0 0h8v16h-8z", "1 <plate>: 1 of 2 anchors positive in this cell"],
    [classColour(0), "M8 0h8v16h-8z", "2 cell: 1 of 2 anchors positive in this cell"],
  ]);
  const [hatched] = [...document.querySelectorAll("g")].filter(({ textContent }) => textContent === "ignored: trains nothing");
  expect(hatched.querySelector("path")!.getAttribute("d")).toMatch(/^M16 0/);
});

it("puts detectors side by side, level by level, and counts what they choose", async () => {
  const picture = assignmentPicture({ anchors: telling("a", [twoCells("box", [0, 0, -2, -1])]), points: telling("b", [twoCells("point", [0, 0]), { ...twoCells("point", [1, -1]), strideX: 32, strideY: 32 }]) }, look);
  expect(picture.counts.toRecords()).toEqual([
    { detector: "anchors", level: "P4", stride: 16, priors: 4, "1 <plate>": 2, "2 cell": 0, positive: 2, ignored: 1 },
    { detector: "points", level: "P4", stride: 16, priors: 2, "1 <plate>": 2, "2 cell": 0, positive: 2, ignored: 0 },
    { detector: "points", level: "P5", stride: 32, priors: 2, "1 <plate>": 0, "2 cell": 1, positive: 1, ignored: 0 },
  ]);
  const { document, text, html } = await shown(picture);
  expect([...document.querySelectorAll("figure svg")].map((svg) => svg.getAttribute("aria-label"))).toEqual([
    "anchors, P4: stride 16 px · 2 of 4 anchors, 1 ignored",
    "points, P4: stride 16 px · 2 of 2 points",
    "points, P5: stride 32 px · 1 of 2 points",
  ]);
  // Each panel says whose it is, so that rows can wrap on a narrow page; a detector without the level leaves its place empty.
  expect([...document.querySelectorAll("figure > div:first-child")].map(({ textContent }) => textContent)).toEqual(["anchors", "points", "points"]);
  expect(document.querySelector("figure")!.parentElement!.parentElement!.children[1].children).toHaveLength(2);
  expect(text).toContain("Positive priors per level and object [number of anchors or points]");
  expect(html).toContain("&lt;plate&gt;");
  expect(html).not.toContain("<plate>");
});

it("names a list by the detectors, and refuses those that do not tell", () => {
  const levels = [twoCells("point", [0, -1])];
  expect(assignmentPicture([telling("a", levels), telling("b", levels)], look).counts.toRecords().map(({ detector }) => detector)).toEqual(["a", "b"]);
  expect(() => assignmentPicture({ ...telling("mute", levels), assignment: undefined }, look)).toThrow(/mute does not tell its assignment/);
});

it("says which levels have nothing to show", async () => {
  const idle = { ...twoCells("point", [-1, -1]), strideX: 32, strideY: 32 };
  const { document } = await shown(assignmentPicture(telling("a", [twoCells("point", [0, -1]), idle]), look));
  expect(document.querySelectorAll("figure")).toHaveLength(1);
  expect(document.body.textContent).toContain("P5: background everywhere.");
  expect(document.querySelectorAll("tbody tr")).toHaveLength(1);
});

it("shows an image without objects", async () => {
  const empty = smallLook({ target: { ...look.target, boxes: new Float32Array(0), labels: new Int32Array(0) } });
  const { document } = await shown(assignmentPicture(telling("a", [twoCells("box", [-1, -1, -1, -1])]), empty));
  expect(fills(document)).toEqual([]);
});
