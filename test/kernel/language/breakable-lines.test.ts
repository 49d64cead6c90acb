import { expect, it } from "vitest";
import { breakableLines } from "../../../kernel/language/breakable-lines.ts";

it("knows the lines at which code can stop, and leaves out comments, types and braces that end blocks", () => {
  const source = `%%time
// a comment
interface I {
  a: number;
}
declare const ambient: number;

const list = [1, 2]
  .map((n) =>
    n + 1)
  .filter(Boolean);
class A {
  x = 1;
  static {
    list.push(3);
  }
  method(): void {
    if (list) {
      list.pop();
    }
  }
}`;
  expect(breakableLines(source)).toEqual([8, 9, 10, 11, 12, 13, 15, 18, 19, 21]);
});
