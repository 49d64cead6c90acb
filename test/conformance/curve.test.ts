// CurveZMQ, as jupyter_client provisions it from 8.10 on (KernelManager.transport_encryption).
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { installKernelSpec, kernelFolder } from "../../kernel/kernelspec/index.ts";
import { testPython } from "../python.ts";

const script = `
import sys, zmq
from jupyter_client.manager import KernelManager
if not hasattr(KernelManager, "transport_encryption"):
    print("SKIPPED: this jupyter_client does not encrypt"); sys.exit()
def greeting(kc):
    # A subscription works as soon as ZeroMQ has it, the greeting follows when the kernel hears of it: "starting" may lie between.
    while (kind := kc.get_iopub_msg(timeout=30)["msg_type"]) == "status": pass
    return kind
for mode in ("required", "disabled"):
    km = KernelManager(kernel_name="potstill", transport_encryption=mode)
    km.start_kernel()
    kc = km.client(); kc.start_channels()
    try:
        print(mode, greeting(kc))
        kc.wait_for_ready(timeout=30)
        spy = zmq.Context.instance().socket(zmq.SUB)
        spy.subscribe(b""); spy.connect(f"tcp://127.0.0.1:{km.iopub_port}")
        heard = lambda timeout: spy.poll(timeout) != 0
        if mode == "disabled": assert heard(10000)
        out = []
        reply = kc.execute_interactive("1 + 1", timeout=30, output_hook=lambda m: out.append(m["msg_type"]))
        assert reply["content"]["status"] == "ok" and "execute_result" in out, (reply, out)
        if mode == "required": assert not heard(500)
        spy.close(0)
        kc.hb_channel.unpause()
        km.interrupt_kernel(); assert kc.is_alive()
    finally:
        kc.stop_channels(); km.shutdown_kernel(now=False)
print("done")
`;

const python = testPython(["jupyter_client", "zmq"]);

it.skipIf(python === undefined)("encrypts all channels where jupyter_client asks for it: who lacks the keys hears nothing", () => {
  const root = mkdtempSync(join(tmpdir(), "potstill-curve-"));
  installKernelSpec(kernelFolder({ kind: "prefix", path: root }));
  writeFileSync(join(root, "script.py"), script);
  const { stdout, stderr, status } = spawnSync(python!, [join(root, "script.py")], { cwd: root, encoding: "utf8", env: { ...process.env, JUPYTER_PATH: join(root, "share", "jupyter") }, timeout: 60_000 });
  rmSync(root, { recursive: true, force: true });
  if (stdout.startsWith("SKIPPED")) return console.warn(stdout);
  expect(stderr).toBe("");
  expect(stdout).toBe("required iopub_welcome\ndisabled iopub_welcome\ndone\n");
  expect(status).toBe(0);
});
