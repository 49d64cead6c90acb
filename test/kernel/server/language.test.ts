import { afterEach, describe, expect, it, vi } from "vitest";
import type { CellRequest } from "../../../kernel/language/link.ts";
import type { Precompiled } from "../../../kernel/language/precompiled.ts";
import { Language } from "../../../kernel/server/language.ts";

const client = { check: vi.fn(), commit: vi.fn(), compile: vi.fn<(code: string) => Promise<Precompiled>>(), dispose: vi.fn() };
const start = vi.fn((_: { checks?: boolean }) => client);
vi.mock("../../../kernel/language/service/client.ts", () => ({ startLanguageService: (options: object) => start(options) }));

const cell = (id: number, code: string): CellRequest => ({ id, code, count: id, allowStdin: true, expressions: {}, tsx: false });
const script = (code: string): Precompiled => ({ compiled: { code, map: "", names: { constants: [], variables: [], assigned: [], imports: [], live: [] }, emit: {}, shadowed: [] }, mark: 1 });

afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
});

describe("scripts of cells", () => {
  it("are made once for a text that is run again", async () => {
    const language = new Language("/nowhere");
    client.compile.mockImplementation((code) => Promise.resolve(script(code)));
    expect(await language.compile(cell(1, "same"))).toEqual(script("same"));
    expect(await language.compile(cell(2, "same"))).toEqual(script("same"));
    expect(await language.compile({ ...cell(3, "same"), tsx: true })).toEqual(script("same"));
    expect(await language.compile(cell(4, "other"))).toEqual(script("other"));
    expect(client.compile).toHaveBeenCalledTimes(3);
  });

  it("do not make the language thread read the libraries when no types are checked", async () => {
    client.compile.mockResolvedValue(script("1"));
    await new Language("/nowhere").compile(cell(1, "1"));
    expect(start).toHaveBeenCalledWith(expect.objectContaining({ checks: false }));
  });

  it("are left to the main thread when the language thread fails", async () => {
    client.compile.mockRejectedValue(new Error("The language thread ended with code 1."));
    expect(await new Language("/nowhere").compile(cell(1, "1"))).toBeUndefined();
  });

  it("are left to the main thread for as long as the language thread does not answer", async () => {
    vi.useFakeTimers();
    const language = new Language("/nowhere");
    const answers: ((value: Precompiled) => void)[] = [];
    client.compile.mockImplementation(() => new Promise((resolve) => { answers.push(resolve); }));
    const first = language.compile(cell(1, "1"));
    await vi.advanceTimersByTimeAsync(90_000);
    expect(await first).toBeUndefined();
    expect(await language.compile(cell(2, "2"))).toBeUndefined();
    expect(client.compile).toHaveBeenCalledTimes(1);
    answers[0](script("1"));
    await vi.advanceTimersByTimeAsync(0);
    client.compile.mockResolvedValue(script("3"));
    expect(await language.compile(cell(3, "3"))).toEqual(script("3"));
  });
});
