import { describe, expect, it } from "vitest";
import type { Received } from "../../../kernel/protocol/messages.ts";
import type { Finished } from "../../../kernel/server/execution.ts";
import { Subshells } from "../../../kernel/server/subshells.ts";
import { received } from "./received.ts";

const name = ({ message }: Received): string => message.header.msg_id;
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

function setUp() {
  const log: string[] = [];
  const ends = new Map<string, (finished: Finished) => void>();
  const shells = new Subshells({
    execute: (request) => new Promise((resolve) => { log.push(`run ${name(request)}`); ends.set(name(request), resolve); }),
    conclude: (request) => void log.push(`end ${name(request)}`),
    abort: (request) => void log.push(`abort ${name(request)}`),
  });
  const add = (id: string, subshell?: string): void => {
    const request = received("execute_request", {}, { id });
    shells.queueOf({ ...request.message.header, subshell_id: subshell }).add(request);
  };
  const end = async (id: string, abortQueue = false): Promise<void> => {
    ends.get(id)!({ reply: {}, abortQueue });
    await settled();
  };
  return { shells, log, add, end };
}

describe("Subshells", () => {
  it("each run their own cells one after another, at the same time as those of the others", async () => {
    const { shells, log, add, end } = setUp();
    const subshell = shells.create();
    for (const id of ["a1", "a2"]) add(id);
    for (const id of ["b1", "b2"]) add(id, subshell);
    expect(log).toEqual(["run a1", "run b1"]);
    await end("b1");
    await end("a1");
    expect(log.slice(2)).toEqual(["end b1", "run b2", "end a1", "run a2"]);
  });

  it("abort what waits in the same shell when a cell fails, and take what comes after its reply", async () => {
    const { shells, log, add, end } = setUp();
    const subshell = shells.create();
    for (const id of ["a1", "a2", "a3"]) add(id);
    for (const id of ["b1", "b2"]) add(id, subshell);
    await end("a1", true);
    expect(log.slice(2)).toEqual(["end a1", "abort a2", "abort a3"]);
    add("a4");
    await end("b1");
    expect(log.slice(5)).toEqual(["run a4", "end b1", "run b2"]);
  });

  it("leave the running cell alone when they are deleted", async () => {
    const { shells, log, add, end } = setUp();
    const subshell = shells.create();
    for (const id of ["b1", "b2"]) add(id, subshell);
    shells.delete(subshell);
    expect([shells.list(), log]).toEqual([[], ["run b1", "abort b2"]]);
    expect(() => add("b3", subshell)).toThrow(`Unknown subshell_id "${subshell}"`);
    await end("b1");
    expect(log.at(-1)).toBe("end b1");
  });
});
