import { eventually, text } from "../kernel-driver.ts";
import { plain, unless } from "./feature.ts";
import type { Feature } from "./feature.ts";

const group = "Output";
const megabytes = 50_000_000;

export const output: readonly Feature[] = [
  {
    group, title: "10,000 printed lines arrive, all before the cell is over",
    check: async ({ kernel, dialect }) => {
      const { messages } = await kernel.run(dialect.printLines(10_000));
      const lines = text(messages).split("\n").filter((line) => line !== "").length;
      return unless(lines === 10_000, `${lines} lines`);
    },
  },
  {
    group, title: "50 MB in one piece arrive before the cell is over",
    check: async ({ kernel, dialect }) => {
      const { messages } = await kernel.result(await kernel.execute(dialect.printMany(megabytes)), 60_000);
      return unless(text(messages).length === megabytes + 1, `${text(messages).length} characters`);
    },
  },
  {
    group, title: "printed text, errors and displays keep their order",
    check: async ({ kernel, dialect }) => {
      if (dialect.html === undefined) return "no displays";
      const { messages } = await kernel.run([dialect.print("a"), dialect.printError("b"), dialect.html, dialect.print("c")].join("\n"));
      const seen = messages.filter((m) => m.type === "stream" || m.type === "display_data").map((m) => (m.type === "stream" ? m.content.name : "display"));
      return unless(seen.join() === "stdout,stderr,display,stdout", seen.join());
    },
  },
  {
    group, title: "writing to the standard output directly lands in the cell",
    check: async ({ kernel, dialect }) => {
      const { messages } = await kernel.run(dialect.write("direct"));
      return unless(text(messages).includes("direct"), text(messages));
    },
  },
  {
    group, title: "output of child processes lands in the cell",
    check: async ({ kernel, dialect }) => {
      const { messages } = await kernel.run(dialect.child("from-child"));
      return unless(text(messages).includes("from-child"), "it does not");
    },
  },
  {
    group, title: "late output goes to the cell that started it",
    check: async ({ kernel, dialect }) => {
      const id = await kernel.execute(dialect.later(700, dialect.print("late")));
      await kernel.result(id);
      await kernel.run("1 + 1");
      const late = () => kernel.iopub.find((m) => m.type === "stream" && String(m.content.text).includes("late"));
      if (!(await eventually(() => late() !== undefined, 5000))) return "it never came";
      return unless(late()!.parent === id, "it went to another cell");
    },
  },
  {
    group, title: "a display can have several MIME types",
    check: async ({ kernel, dialect }) => {
      if (dialect.bundle === undefined) return "one MIME type per display";
      const { messages } = await kernel.run(dialect.bundle);
      const data = messages.find((m) => m.type === "display_data")?.content.data ?? {};
      return unless(["text/plain", "text/html", "application/json"].every((type) => type in data), Object.keys(data).join());
    },
  },
  {
    group, title: "displays can be updated",
    check: async ({ kernel, dialect }) => {
      if (dialect.update === undefined) return "no way to do it";
      const { messages } = await kernel.run(dialect.update);
      const update = messages.find((m) => m.type === "update_display_data");
      return unless(plain(update?.content.data["text/plain"] ?? "").includes("second"), messages.map(({ type }) => type).join());
    },
  },
  {
    group, title: "output can be cleared",
    check: async ({ kernel, dialect }) => {
      if (dialect.clear === undefined) return "no way to do it";
      const { messages } = await kernel.run(dialect.clear);
      return unless(messages.some((m) => m.type === "clear_output"), messages.map(({ type }) => type).join());
    },
  },
  {
    group, title: "big integers and circular objects show themselves",
    applies: ({ language }) => language !== "py",
    check: async ({ kernel }) => {
      const big = await kernel.run("10n ** 20n");
      const circle = await kernel.run("const circle = { name: 'c', self: null as any }; circle.self = circle; circle".replace(" as any", ""), {}).then((first) =>
        (first.reply.status === "error" ? kernel.run("const ring: any = {}; ring.self = ring; ring") : first));
      const shown = [big, circle].map(({ messages }) => plain([...messages.filter((m) => m.type === "execute_result").map((m) => m.content.data["text/plain"]), text(messages)].join("")));
      return unless(shown[0].includes("100000000000000000000") && /circular/i.test(shown[1]), shown.join(" | "));
    },
  },
];
