import { JSDOM } from "jsdom";
import { expect, it } from "vitest";
import { legendHtml, panelHtml, rowsHtml } from "../../../lib/report/panels.ts";

const panel = panelHtml({ width: 4, height: 2, photo: "data:,", layer: "", label: "a < b", heading: "b > c" });

it("wraps rows to as many lines as a narrow page needs, without scrolling", () => {
  const { document } = new JSDOM(rowsHtml([[panel, panel, panel], [panel, "", panel]], { minWidth: 150, maxWidth: 300 })).window;
  const rows = [...document.body.firstElementChild!.children] as HTMLElement[];
  expect(rows.map(({ children }) => children.length)).toEqual([3, 3]);
  const style = rows[0].getAttribute("style")!;
  expect(style).toContain("repeat(auto-fill,minmax(min(100%,max(150px,calc((100% - 24px) / 3))),1fr))");
  expect(document.body.innerHTML).not.toContain("overflow-x");
  expect(document.body.firstElementChild!.getAttribute("style")).toContain("width:924px;max-width:100%");
});

it("escapes headings and labels", () => {
  const { document } = new JSDOM(panel).window;
  expect(document.querySelector("figure")!.textContent).toBe("b > c");
  expect(document.querySelector("svg")!.getAttribute("aria-label")).toBe("a < b");
});

it("has nothing to show for an empty legend", () => expect(legendHtml([])).toBe(""));
