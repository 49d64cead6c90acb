import { afterAll, describe, expect, it } from "vitest";
import { cellApiNames, LanguageCore } from "../../kernel/language/service/core.ts";

const core = new LanguageCore(import.meta.dirname);
afterAll(() => core.dispose());

describe("the cell API", () => {
  it.each(cellApiNames)("%s is explained by inspection: its signature and what it does", (name) => {
    const { found, data } = core.inspect({ code: `${name}()` }, name.length, 0);
    expect(found).toBe(true);
    const [signature, ...words] = String(data["text/plain"]).split("\n").filter((line) => line !== "");
    expect(signature).toContain(`${name}`);
    expect(words.join(" ").length, `${name} lacks a description`).toBeGreaterThan(30);
  });

  it.each(cellApiNames)("%s is offered by completion", (name) => {
    expect(core.complete({ code: name.slice(0, -1) }, name.length - 1).matches).toContain(name);
  });

  it("completes and checks options", () => {
    const code = "display(1, { ";
    expect(core.complete({ code: `${code} })` }, code.length).matches).toEqual(expect.arrayContaining(["id", "update", "raw", "metadata"]));
    const options = "table([], { ";
    expect(core.complete({ code: `${options} })` }, options.length).matches).toEqual(expect.arrayContaining(["columns", "units", "caption", "maxRows", "maxColumns"]));
    expect(core.check({ code: 'display(1, { ident: "x" })', name: "cell" })[0].message).toContain("'ident' does not exist in type 'DisplayOptions'");
  });

  it("is typed: handles, generators and answers", () => {
    const code = `
      const handle = display(html\`<b>\`, { id: "x", metadata: {} }); handle.update(md\`*\`); const id: string = handle.id;
      for (const n of progress(3)) n.toFixed(); for (const s of progress(["a"], { label: "l" })) s.trim();
      for await (const b of progress((async function* () { yield true; })())) b.valueOf();
      const answer: string = await input("?", { password: true }); const line: string = prompt("?", "a"); const sure: boolean = confirm("?");
      table([{ a: 1 }], { units: { a: "s" } }).toString(); vegaLite({ mark: "bar" }); display({ "text/plain": "x" }, { raw: true });
      image(new Uint8Array(), { width: 3 }); latex\`\\alpha\`; json([1]); svg("<svg/>"); clearOutput({ wait: true }); alert();`;
    expect(core.check({ code, name: "cell" })).toEqual([]);
  });
});
