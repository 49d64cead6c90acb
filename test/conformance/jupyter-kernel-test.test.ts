// Jupyter's own conformance suite, and its own client, against the installed kernelspec.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { installKernelSpec, kernelFolder } from "../../kernel/kernelspec/index.ts";
import { testPython } from "../python.ts";

const python = testPython(["jupyter_kernel_test", "jupyter_client"]);
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "potstill-jkt-"));
  installKernelSpec(kernelFolder({ kind: "prefix", path: root }));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function run(script: string) {
  const file = join(root, "script.py");
  writeFileSync(file, script);
  return spawnSync(python!, [file], { cwd: root, encoding: "utf8", env: { ...process.env, JUPYTER_PATH: join(root, "share", "jupyter") }, timeout: 60_000 });
}

const suite = `
import unittest, jupyter_kernel_test
class Potstill(jupyter_kernel_test.KernelTests):
    kernel_name = "potstill"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = "console.log('hello, world')"
    code_stderr = "console.error('oops')"
    completion_samples = [{"text": "consol", "matches": {"console"}}]
    complete_code_samples = ["1 + 1", "let a = 3;", "function f() { return 1 }"]
    incomplete_code_samples = ["function f() {", "\`open", "[1,"]
    invalid_code_samples = ["let a b", "import = 7q"]
    code_page_something = "parseInt?"
    code_execute_result = [{"code": "1 + 2", "result": "3"}, {"code": "[1, 'a']", "result": "[ 1, 'a' ]"}]
    code_history_pattern = "1?*2*"
    supported_history_operations = ("tail", "range", "search")
    code_display_data = [{"code": "display(html\`<b>x</b>\`)", "mime": "text/html"}]
    code_generate_error = "throw new Error('x')"
    code_inspect_sample = "parseInt"
    code_clear_output = "clearOutput()"
class Welcome(jupyter_kernel_test.IopubWelcomeTests):
    kernel_name = "potstill"
    support_iopub_welcome = True
unittest.main(verbosity=2)
`;

const client = `
import time
from jupyter_client.manager import start_new_kernel
km, kc = start_new_kernel(kernel_name="potstill")
try:
    lines = []
    reply = kc.execute_interactive("for (let k = 0; k < 10000; k++) console.log(k)", timeout=30,
        output_hook=lambda m: lines.append(m["content"]["text"]) if m["msg_type"] == "stream" else None)
    assert reply["content"]["status"] == "ok", reply
    assert "".join(lines) == "".join(f"{k}\\n" for k in range(10000)), len("".join(lines).splitlines())
    kc.execute("while (true) {}")
    time.sleep(0.5)
    km.interrupt_kernel()
    assert kc.get_shell_msg(timeout=10)["content"]["ename"] == "InterruptedError"
    km.restart_kernel(now=False)
    kc.wait_for_ready(timeout=30)
    assert kc.execute_interactive("let first = 1", timeout=30)["content"]["execution_count"] == 1
finally:
    kc.stop_channels()
    km.shutdown_kernel(now=False)
print("done", km.is_alive())
`;

describe.skipIf(python === undefined)("Jupyter", () => {
  it("jupyter_kernel_test passes, and skips nothing", () => {
    const { status, stderr } = run(suite);
    expect(stderr).toMatch(/Ran \d+ tests/);
    expect(stderr).not.toMatch(/FAIL|ERROR/);
    expect(stderr).not.toMatch(/skipped/);
    expect(Number(/Ran (\d+) tests/.exec(stderr)![1])).toBeGreaterThanOrEqual(13);
    expect(status).toBe(0);
  });

  it("jupyter_client gets every line, interrupts, restarts and shuts down", () => {
    const { status, stdout, stderr } = run(client);
    expect(stderr).toBe("");
    expect(stdout).toBe("done False\n");
    expect(status).toBe(0);
  });
});
