import { JSDOM } from "jsdom";
import sharp from "sharp";
import { afterAll, describe, expect, it, vi } from "vitest";
import { mimeBundle } from "../../../kernel/display/index.ts";
import { isFigure } from "../../../kernel/display/plotly.ts";
import { figureSvg } from "../../../kernel/display/plotly-page.ts";
import { textWidth } from "../../../kernel/display/text-metrics.ts";

const size = { width: 700, height: 450 };
const line = { data: [{ type: "scatter", x: [1, 2, 3], y: [2, 1, 3], name: "loss" }], layout: { title: { text: "Loss over time" }, xaxis: { title: { text: "iteration" } }, yaxis: { title: { text: "loss" } }, showlegend: true } };

const parse = (svg: string) => new JSDOM(svg, { contentType: "image/svg+xml" }).window.document;
const words = (document: Document) => [...document.querySelectorAll("text")].map((text) => text.textContent);
/** x and y of an element's own attributes and its parents' translations. */
function place(element: Element): { x: number; y: number } {
  let [x, y] = [Number(element.getAttribute("x") ?? 0), Number(element.getAttribute("y") ?? 0)];
  for (let node: Element | null = element; node; node = node.parentElement) {
    const shift = /translate\(([-\d.]+),?\s*([-\d.]+)?\)/.exec(node.getAttribute("transform") ?? "");
    x += Number(shift?.[1] ?? 0);
    y += Number(shift?.[2] ?? 0);
  }
  return { x, y };
}
const find = (document: Document, text: string) => [...document.querySelectorAll("text")].find((element) => element.textContent === text)!;

describe("recognising figures", () => {
  it.each([
    [line, true],
    [{ data: [{ type: "bar", y: [1] }] }, true],
    [{ data: [{ x: [1], y: [1] }], layout: {} }, true],
    [{ data: [], layout: {} }, true],
    [{ data: [{ x: [1], y: [1] }] }, false],
    [{ data: [] }, false],
    [{ data: [1, 2, 3] }, false],
    [{ data: [{ type: "user", id: 1 }] }, false],
    [{ data: [{ type: "bar" }], total: 5 }, false],
    [{ data: [{ type: "table", id: 1 }], page: 2 }, false],
    [{ data: { type: "bar" } }, false],
    [[{ type: "bar" }], false],
    [null, false],
  ])("%j: %s", (value, expected) => expect(isFigure(value)).toBe(expected));
});

describe("drawing without a browser", () => {
  it("puts titles, ticks and legend where they belong", async () => {
    const document = parse(await figureSvg(line, size));
    expect(words(document)).toEqual(expect.arrayContaining(["Loss over time", "iteration", "loss", "1", "1.5", "2", "2.5", "3"]));
    const plot = { left: 80, right: 620, top: 100, bottom: 370 };
    const [title, below, tick] = ["Loss over time", "iteration", "1.5"].map((text) => place(find(document, text)));
    expect(title.x).toBeCloseTo(350, 0);
    expect(title.y).toBeLessThan(plot.top);
    expect(below.y).toBeGreaterThan(tick.y);
    expect(below.y).toBeGreaterThan(plot.bottom);
    expect(below.y).toBeLessThan(size.height);
    const entry = place([...document.querySelectorAll("text")].find((text) => text.classList.contains("legendtext"))!);
    expect(entry.x).toBeGreaterThan(500);
    expect(entry.x + textWidth("loss", 12)).toBeLessThan(size.width);
  });

  it("keeps the y title clear of its tick labels, however wide they are", async () => {
    const wide = { data: [{ type: "bar", y: [1_000_000, 2_000_000] }], layout: { yaxis: { title: { text: "count" }, tickformat: ",.2f", automargin: true } } };
    const document = parse(await figureSvg(wide, size));
    const [title, tick] = [place(find(document, "count")), place(find(document, "2,000,000.00"))];
    expect(tick.x - textWidth("2,000,000.00", 12)).toBeGreaterThan(title.x);
    expect(title.x).toBeGreaterThan(0);
  });

  it("draws heat maps with their colours", async () => {
    const svg = await figureSvg({ data: [{ type: "heatmap", z: [[0, 1], [1, 0]], colorscale: [[0, "rgb(255,0,0)"], [1, "rgb(0,0,255)"]], showscale: false }], layout: { margin: { l: 0, r: 0, t: 0, b: 0 } } }, { width: 100, height: 100 });
    const { data, info } = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const pixel = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
    expect([pixel(25, 75), pixel(75, 75), pixel(25, 25)]).toEqual([[255, 0, 0], [0, 0, 255], [0, 0, 255]]);
  });

  it.each([
    ["log axes", { data: [{ type: "scatter", x: [1, 10, 100], y: [1, 18, 50] }], layout: { xaxis: { type: "log" }, yaxis: { type: "log" } } }, ["10", "100"]],
    ["annotations with sub- and superscripts", { data: [{ type: "scatter", x: [1], y: [1] }], layout: { annotations: [{ x: 1, y: 1, text: "λ<sub>0</sub> = 10<sup>−3</sup>" }] } }, ["λ​0​ = 10​−3​"]],
    ["bars", { data: [{ type: "bar", x: ["RetinaNet", "FCOS"], y: [36.9, 38.1] }] }, ["RetinaNet", "FCOS"]],
    ["WebGL scatters, as SVG", { data: [{ type: "scattergl", x: [0, 1], y: [0, 1] }] }, ["0", "1"]],
    ["pies", { data: [{ type: "pie", labels: ["cls", "box"], values: [1, 3] }] }, ["25%", "75%"]],
  ])("draws %s", async (_, figure, expected) => expect(words(parse(await figureSvg(figure, size)))).toEqual(expect.arrayContaining(expected)));

  it("refuses what needs a browser, and names it", async () => {
    await expect(figureSvg({ data: [{ type: "surface", z: [[1]] }] }, size)).rejects.toThrow('a "surface" trace needs a browser');
  });
});

describe("text widths", () => {
  it("are those of DejaVu Sans", () => {
    expect(textWidth("iiii", 10)).toBeCloseTo(11.12, 2);
    expect(textWidth("λ = 50", 12)).toBeCloseTo(((592 + 318 + 838 + 318 + 636 + 636) * 12) / 1000, 6);
    expect(textWidth("W", 10, { isBold: true })).toBeGreaterThan(textWidth("W", 10));
    expect(textWidth("漢", 10)).toBe(10);
  });
});

describe("a figure's bundle", () => {
  it("is what each front end can show", async () => {
    const { data, metadata } = await mimeBundle({ ...line, data: [{ ...line.data[0], y: new Float32Array([2, 1, Number.NaN]) }] });
    expect(Object.keys(data).sort()).toEqual(["application/vnd.plotly.v1+json", "text/html", "text/plain"]);
    expect(metadata).toEqual({});
    expect(data["application/vnd.plotly.v1+json"]).toMatchObject({ data: [{ type: "scatter", x: [1, 2, 3], y: [2, 1, null] }], layout: { title: { text: "Loss over time" } } });
    expect(data["text/plain"]).toBe('Plotly figure "Loss over time": 1 trace (scatter)');
    const body = new JSDOM(data["text/html"] as string).window.document.body;
    const image = body.querySelector("img")!;
    const png = Buffer.from(/^data:image\/png;base64,(.+)$/.exec(image.src)![1], "base64");
    const { format, width, height } = await sharp(png).metadata();
    expect({ format, width, height, shown: [image.width, image.height] }).toEqual({ format: "png", width: 1400, height: 900, shown: [700, 450] });
    expect((await sharp(png).stats()).entropy).toBeGreaterThan(0.05);
  });

  it("turns into a graph where Plotly is on the page, and stays a picture where it is not", async () => {
    const { data } = await mimeBundle({ data: [{ type: "bar", x: ["</script><b>"], y: [1] }], layout: { title: "bare" } });
    const drawn = vi.fn(() => Promise.resolve());
    const live = new JSDOM(data["text/html"] as string, { runScripts: "dangerously", beforeParse: (window) => { Object.assign(window, { Plotly: { newPlot: drawn } }); } });
    expect(drawn).toHaveBeenCalledOnce();
    expect(drawn.mock.calls[0]).toMatchObject([{}, { data: [{ x: ["</script><b>"] }], layout: { title: { text: "bare" } } }]);
    expect((live.window.document.querySelector("img")!.parentElement as HTMLElement).style.display).toBe("none");
    const still = new JSDOM(data["text/html"] as string, { runScripts: "dangerously" });
    expect((still.window.document.querySelector("img")!.parentElement as HTMLElement).style.display).toBe("");
  });

  it("goes without a picture, and says so, when none can be drawn", async () => {
    const { data } = await mimeBundle({ data: [{ type: "surface", z: [[1, 2], [3, 4]] }] });
    expect(data["text/plain"]).toBe('Plotly figure: 1 trace (surface) (no still picture: a "surface" trace needs a browser with WebGL or a network)');
    expect(data["text/html"]).not.toContain("<img");
    expect(data["application/vnd.plotly.v1+json"]).toMatchObject({ data: [{ type: "surface" }] });
  });
});

afterAll(() => vi.restoreAllMocks());
