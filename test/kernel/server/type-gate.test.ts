import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { CellRequest } from "../../../kernel/language/link.ts";
import type { CellDiagnostic } from "../../../kernel/language/service/client.ts";
import type { Language } from "../../../kernel/server/language.ts";
import { TypeGate } from "../../../kernel/server/type-gate.ts";

const cell = (code: string): CellRequest => ({ id: 1, code, count: 1, allowStdin: true, expressions: {}, tsx: false });
const wrong: CellDiagnostic = { code: 2322, message: "Type 'string' is not assignable to type 'number'.", line: 1, column: 1, endColumn: 2, severity: "error" };
const check = vi.fn<() => Promise<readonly CellDiagnostic[]>>();

let warnings: string[];
let gate: TypeGate;
beforeEach(() => {
  vi.useFakeTimers();
  warnings = [];
  gate = new TypeGate({ patience: 5000, check } as unknown as Language);
});
afterEach(() => { vi.useRealTimers(); });

const refusal = (mode: "error" | "warn" | "off"): ReturnType<TypeGate["refusal"]> => gate.refusal(cell("x"), mode, (text) => warnings.push(text));

it("refuses, warns or does not look, as the mode says", async () => {
  check.mockResolvedValue([wrong]);
  expect(await refusal("error")).toMatchObject({ status: "error", ename: "TypeScriptError" });
  expect(warnings).toEqual([]);
  expect(await refusal("warn")).toBeUndefined();
  expect(warnings).toEqual([expect.stringContaining("TS2322")]);
  check.mockClear();
  expect(await refusal("off")).toBeUndefined();
  expect(check).not.toHaveBeenCalled();
});

it("lets a cell run whose check takes too long, and does not hold later ones up until the checker is free", async () => {
  const answers: ((found: readonly CellDiagnostic[]) => void)[] = [];
  check.mockImplementation(() => new Promise((resolve) => { answers.push(resolve); }));
  const slow = refusal("error");
  await vi.advanceTimersByTimeAsync(5000);
  expect(await slow).toBeUndefined();
  expect(warnings).toEqual([expect.stringContaining("took more than 5 s. %typecheck off")]);
  expect(await refusal("error")).toBeUndefined();
  expect(warnings[1]).toContain("still busy with an earlier cell");
  expect(answers).toHaveLength(1);
  answers[0]([]);
  await vi.advanceTimersByTimeAsync(0);
  check.mockResolvedValue([wrong]);
  expect(await refusal("error")).toMatchObject({ ename: "TypeScriptError" });
});

it("says once that the checker fails", async () => {
  check.mockRejectedValue(new Error("The language thread ended with code 1."));
  for (const _ of [1, 2]) expect(await refusal("error")).toBeUndefined();
  expect(warnings).toEqual([expect.stringContaining("were not checked: The language thread ended")]);
});
