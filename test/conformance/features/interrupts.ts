import { eventually, sleep } from "../kernel-driver.ts";
import type { Dialect } from "./dialects.ts";
import { plain } from "./feature.ts";
import type { Feature } from "./feature.ts";

/** A cell that would run for ever is stopped within eight seconds, and what earlier cells made is still there. */
function stops(title: string, script: string, python?: string): Feature {
  return {
    group: "Interrupting", title: `${title} (variables are kept)`,
    applies: ({ language }: Dialect) => language !== "py" || python !== undefined,
    check: async ({ kernel, contestant, dialect }) => {
      const isPython = dialect.language === "py";
      await kernel.run(isPython ? "keep = 42" : "let keep = 42");
      const id = await kernel.execute(isPython ? python! : script);
      if (!(await eventually(() => kernel.iopub.some((m) => m.parent === id && m.content.execution_state === "busy"), 10_000))) return "it did not start";
      await sleep(1000);
      if (contestant.interrupt === "message") void kernel.send("interrupt_request", {}, "control");
      else kernel.process.kill("SIGINT");
      const over = () => kernel.process.exitCode !== null || kernel.process.signalCode !== null || kernel.shellReplies.some((m) => m.parent === id);
      if (!(await eventually(over, 8000))) return "it goes on";
      await sleep(500); // tslab also refuses cells that are sent shortly after a failed one
      const { messages } = await kernel.result(await kernel.execute("keep"), 8000);
      const kept = plain(messages.find((m) => m.type === "execute_result")?.content.data["text/plain"] ?? messages.map((m) => m.content.text ?? "").join("")).trim();
      return kept === "42" ? undefined : `keep is ${kept}`;
    },
  };
}

export const interrupts: readonly Feature[] = [
  stops("an endless loop", "while (true) {}", "while True: pass"),
  stops("a promise that never settles", "await new Promise(() => {})", "import asyncio\nawait asyncio.get_running_loop().create_future()"),
  stops("an endless loop after an `await`", "await null; while (true) {}", "import asyncio\nawait asyncio.sleep(0)\nwhile True: pass"),
  stops("an endless loop in a timer", "await new Promise((done) => setTimeout(() => { while (true) {} }, 10))"),
  stops("a loop that catches everything", "while (true) { try { while (true) {} } catch {} }", "while True:\n  try:\n    while True: pass\n  except Exception: pass"),
  stops("a regular expression that backtracks for ever", "/^(a+)+$/.test('a'.repeat(60) + 'b')", "import re; re.match(r'^(a+)+$', 'a' * 60 + 'b')"),
  stops("a thread that sleeps", "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)", "import time; time.sleep(1000)"),
  stops("a child process that is waited for", "require('child_process').execSync('sleep 1000')", "import subprocess; subprocess.run(['sleep', '1000'])"),
  stops("an endless asynchronous generator", "for await (const k of (async function* () { for (;;) yield await null })()) {}", "async def g():\n  import asyncio\n  while True:\n    await asyncio.sleep(0)\n    yield 1\nasync for k in g(): pass"),
];
