/** How a kernel's language says what the features need; undefined: it has no way to say it. */
export interface Dialect {
  readonly language: "ts" | "js" | "py";
  print(text: string): string;
  printError(text: string): string;
  /** Writes 50 MB, or as many characters as asked, in one piece. */
  printMany(characters: number): string;
  printLines(count: number): string;
  write(text: string): string;
  later(milliseconds: number, statement: string): string;
  child(text: string): string;
  busy(milliseconds: number): string;
  readonly html?: string;
  readonly update?: string;
  readonly clear?: string;
  readonly bundle?: string;
  readonly ask?: string;
  readonly askSecretly?: string;
  /** Opens a comm to the target "potstill.test" and echoes each message's data. */
  readonly comm?: string;
}

const q = (text: string): string => JSON.stringify(text);

const script = {
  print: (text: string) => `console.log(${q(text)})`,
  printError: (text: string) => `console.error(${q(text)})`,
  printMany: (characters: number) => `console.log("x".repeat(${characters}))`,
  printLines: (count: number) => `for (let k = 0; k < ${count}; k++) console.log(k)`,
  write: (text: string) => `process.stdout.write(${q(text)})`,
  later: (milliseconds: number, statement: string) => `setTimeout(() => { ${statement} }, ${milliseconds})`,
  child: (text: string) => `require("child_process").execSync("echo ${text}", { stdio: "inherit" })`,
  busy: (milliseconds: number) => `{ const end = Date.now() + ${milliseconds}; while (Date.now() < end); }`,
} as const;

export const potstill: Dialect = {
  ...script,
  language: "ts",
  html: "display(html`<b>x</b>`)",
  update: 'const shown = display("first", { id: "k" }); shown.update("second")',
  clear: "clearOutput()",
  bundle: 'display({ [Symbol.for("Jupyter.display")]: () => ({ "text/plain": "p", "text/html": "<i>h</i>", "application/json": { a: 1 } }) })',
  ask: 'prompt("who?")',
  askSecretly: 'await input("word?", { password: true })',
  comm: 'const channel = new Comm("potstill.test"); channel.onMessage(({ data }) => channel.send({ echo: data }))',
};

export const tslab: Dialect = {
  ...script,
  language: "ts",
  child: (text) => `import { execSync } from "child_process"; execSync("echo ${text}", { stdio: "inherit" })`,
  html: 'import * as tslab from "tslab"; tslab.display.html("<b>x</b>")',
  update: 'import * as tslab from "tslab"; const shown = tslab.newDisplay(); shown.text("first"); shown.text("second")',
};

const broadcast = (type: string, content: string) => `await Deno.jupyter.broadcast("${type}", ${content})`;

export const deno: Dialect = {
  ...script,
  language: "ts",
  child: (text) => `new Deno.Command("echo", { args: ["${text}"], stdout: "inherit" }).outputSync(); undefined`,
  html: 'await Deno.jupyter.display({ "text/html": "<b>x</b>" }, { raw: true })',
  update: `${broadcast("display_data", '{ data: { "text/plain": "first" }, metadata: {}, transient: { display_id: "k" } }')}; ${broadcast("update_display_data", '{ data: { "text/plain": "second" }, metadata: {}, transient: { display_id: "k" } }')}`,
  clear: broadcast("clear_output", "{ wait: false }"),
  bundle: 'await Deno.jupyter.display({ "text/plain": "p", "text/html": "<i>h</i>", "application/json": { a: 1 } }, { raw: true })',
  ask: 'prompt("who?")',
};

export const ijavascript: Dialect = {
  ...script,
  language: "js",
  html: '$$.display("h").html("<b>x</b>")',
  update: 'var shown = $$.display("k"); shown.text("first"); shown.text("second")',
  clear: "$$.clear()",
  bundle: '$$.display("m").mime({ "text/plain": "p", "text/html": "<i>h</i>", "application/json": { a: 1 } })',
  ask: '$$.async(); $$.input({ prompt: "who?" }, (error, data) => $$.done(JSON.stringify([error, data])))',
  askSecretly: '$$.async(); $$.input({ prompt: "word?", password: true }, (error, data) => $$.done(JSON.stringify([error, data])))',
};

export const python: Dialect = {
  language: "py",
  print: (text) => `print(${q(text)})`,
  printError: (text) => `import sys; print(${q(text)}, file=sys.stderr)`,
  printMany: (characters) => `print("x" * ${characters})`,
  printLines: (count) => `for k in range(${count}): print(k)`,
  write: (text) => `import sys; _ = sys.stdout.write(${q(text)})`,
  later: (milliseconds, statement) => `import threading; threading.Timer(${milliseconds / 1000}, lambda: ${statement}).start()`,
  child: (text) => `import subprocess; _ = subprocess.run(["echo", "${text}"])`,
  busy: (milliseconds) => `import time\nend = time.time() + ${milliseconds / 1000}\nwhile time.time() < end: pass`,
  html: 'from IPython.display import display, HTML; display(HTML("<b>x</b>"))',
  update: 'from IPython.display import display; shown = display("first", display_id="k"); shown.update("second")',
  clear: "from IPython.display import clear_output; clear_output()",
  bundle: 'from IPython.display import display; display({"text/plain": "p", "text/html": "<i>h</i>", "application/json": {"a": 1}}, raw=True)',
  ask: 'input("who?")',
  askSecretly: 'import getpass; getpass.getpass("word?")',
  comm: 'from comm import create_comm\nc = create_comm(target_name="potstill.test", data={})\nc.on_msg(lambda m: c.send({"echo": m["content"]["data"]}))',
};
