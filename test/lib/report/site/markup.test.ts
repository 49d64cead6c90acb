import { describe, expect, it } from "vitest";
import { markup, scriptJson, trusted } from "../../../../lib/report/site/markup.ts";
import { withoutPaths } from "../../../../lib/report/site/scrub.ts";

describe("markup", () => {
  it("escapes what is put in, but for markup", () => {
    expect(markup`<p title="${'"'}">${"<b> & 'c'"}${markup`<i>${1}</i>`}${false}${undefined}${["x", trusted("<br>")]}</p>`.html).toBe('<p title="&quot;">&lt;b&gt; &amp; &#39;c&#39;<i>1</i>x<br></p>');
  });

  it("keeps JSON inside its script element", () => {
    const html = scriptJson({ text: "</script><!--", values: Float32Array.of(1, 2) }).html;
    expect(html).not.toContain("<");
    expect(JSON.parse(html)).toEqual({ text: "</script><!--", values: [1, 2] });
  });
});

describe("absolute paths", () => {
  it.each([
    ["open '/home/ada/runs/x.json'", "open 'x.json'"],
    ["/var/lib/data/", "data"],
    ["C:\\Users\\ada\\x.pth is no file", "x.pth is no file"],
    ["see file:///tmp/a/b.html", "see b.html"],
    ["~/weights/r50.pth", "r50.pth"],
    ["failed:/srv/data/coco", "failed:coco"],
  ])("%s becomes %s", (text, wanted) => { expect(withoutPaths(text)).toBe(wanted); });

  it.each(["λL_distill / L_total", "and/or", "TP/FP/FN/TN", "strides /4, /8 and /16", "https://arxiv.org/abs/2303.05015", "../shared/data/bccd", "mini/both/seed-0", "a / b / c"])("%s stays", (text) => { expect(withoutPaths(text)).toBe(text); });
});
