import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { withoutKernelCalls } from "../../../kernel/language/function-text.ts";
import { compileCell } from "../../../kernel/language/transpile.ts";

const source = `
async function all(give: (n: number) => Promise<number>) {
  const seen: number[] = [];
  for await (const n of [1, 2]) seen.push(await give(n));
  try { await Promise.reject(new Error("no")) } catch { seen.push(3) } finally { await null }
  await Promise.all([4, 5].map(async (n) => seen.push(await n)));
  outer: for (const n of [6, 7]) { await 0; for await (const m of [n]) { if (m === 7) continue outer; seen.push(m) } }
  return seen;
}`;

it.each([true, false])("leaves a function that runs without a kernel (context carried by the kernel: %s)", async (carriesContext) => {
  const { code } = compileCell(source, { id: 1, carriesContext });
  const text = withoutKernelCalls(code);
  expect(text).not.toContain("__potstill");
  const all = runInNewContext(`${text}; all`, {}) as (give: (n: number) => Promise<number>) => Promise<number[]>;
  expect([...(await all((n) => Promise.resolve(n)))]).toEqual([1, 2, 3, 4, 5, 6]);
});
