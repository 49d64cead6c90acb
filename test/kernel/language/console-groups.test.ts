import { Console } from "node:console";
import { Writable } from "node:stream";
import { beforeEach, describe, expect, it } from "vitest";
import { ConsoleGroups } from "../../../kernel/language/console-groups.ts";

let printed: string;
let running: number;
let own: Console;
let groups: ConsoleGroups;
beforeEach(() => {
  printed = "";
  running = 1;
  own = new Console(new Writable({ write(chunk: Buffer, _, done) { printed += chunk.toString(); done(); } }));
  groups = new ConsoleGroups(own, () => running);
});

describe("groups", () => {
  it("indent within their cell and end with it", () => {
    own.group("a");
    own.groupCollapsed("b");
    own.log("in");
    groups.close(1);
    own.log("out");
    expect(printed).toBe("a\n  b\n    in\nout\n");
  });

  it("that were ended are not ended again", () => {
    own.group("outer");
    running = 2;
    own.group();
    own.groupEnd();
    groups.close(2);
    own.log("still in the first cell's");
    expect(printed).toBe("outer\n  still in the first cell's\n");
  });

  it("may be ended too often", () => {
    own.groupEnd();
    own.group();
    own.groupEnd();
    own.groupEnd();
    own.group();
    own.log("in");
    groups.close(1);
    own.log("out");
    expect(printed).toBe("  in\nout\n");
  });
});
