import { describe, expect, it } from "vitest";
import { catchesAt } from "../../../kernel/language/catches.ts";

/** Asks about the position of the mark `▲`, which is taken out of the source. */
function caught(marked: string): boolean {
  const before = marked.slice(0, marked.indexOf("▲")).split("\n");
  return catchesAt(`${before.length}:${before.at(-1)!.length + 1}:${marked.replace("▲", "")}`);
}

describe("catchesAt", () => {
  it("sees the catch clauses around a position, up to the function's border", () => {
    expect(caught("try {\n  ▲risky();\n} catch {}")).toBe(true);
    expect(caught("try { if (x) { ▲throw 1 } } catch (e) { e }")).toBe(true);
    expect(caught("try { a } catch { ▲risky() }")).toBe(false);
    expect(caught("try { ▲risky() } finally { b }")).toBe(false);
    expect(caught("try { later(() => { ▲risky() }) } catch {}")).toBe(false);
    expect(caught("%%time\n▲risky()")).toBe(false);
  });

  it("sees that a promise's rejection is caught", () => {
    expect(caught("▲later().catch(() => 0)")).toBe(true);
    expect(caught("await ▲later().then(a, b)")).toBe(true);
    expect(caught("await ▲later().then(a)")).toBe(false);
    expect(caught("await ▲later()")).toBe(false);
  });

  it("does not mind a position that the source does not have", () => {
    expect(catchesAt("99:1:a")).toBe(false);
  });
});
