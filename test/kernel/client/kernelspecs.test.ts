import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findKernelSpec, findKernelSpecs } from "../../../kernel/client/index.ts";
import { commandLine, kernelEnvironment } from "../../../kernel/client/kernelspecs.ts";
import { installSpec, temporaryFolder } from "../run/helpers.ts";

const folder = temporaryFolder();
afterAll(folder.remove);
const at = (...names: string[]): string => join(folder.path, ...names);
const env = { HOME: at("home"), PATH: "", JUPYTER_PATH: `${at("first")}:${at("env", "share", "jupyter")}` };

beforeAll(() => {
  installSpec(at("first"), "Shared", { argv: ["one"], interrupt_mode: "message" });
  installSpec(at("env", "share", "jupyter"), "shared", { argv: ["two"] });
  installSpec(at("env", "share", "jupyter"), "py", { argv: ["python", "-f", "{connection_file}", "{resource_dir}", "{prefix}", "{unknown}"], env: { A: "${B}-${NONE}" } });
  installSpec(at("first"), "empty", {});
  mkdirSync(at("first", "kernels", "broken"));
  writeFileSync(at("first", "kernels", "broken", "kernel.json"), "{");
});

describe("kernelspecs", () => {
  it("finds each name in the first folder that has it, in any case", () => {
    const specs = findKernelSpecs(env);
    expect([specs.get("shared"), specs.get("py")]).toEqual([at("first/kernels/Shared"), at("env/share/jupyter/kernels/py")]);
    expect(findKernelSpec("SHARED", env)).toMatchObject({ argv: ["one"], interruptMode: "message" });
    expect(findKernelSpec("py", env).interruptMode).toBe("signal");
  });

  it("fills the command line and the environment", () => {
    const spec = findKernelSpec("py", env);
    expect(commandLine(spec, "/c.json")).toEqual(["python", "-f", "/c.json", at("env/share/jupyter/kernels/py"), at("env"), "{unknown}"]);
    expect(kernelEnvironment(spec, { B: "b" })).toEqual({ B: "b", A: "b-${NONE}" });
  });

  it("takes the Python of the environment that the kernelspec belongs to", () => {
    mkdirSync(at("env", "bin"), { recursive: true });
    writeFileSync(at("env", "bin", "python"), "");
    expect(commandLine(findKernelSpec("py", env), "c")[0]).toBe(at("env", "bin", "python"));
  });

  it("names what is installed when the asked kernel is not, and the file that is broken", () => {
    expect(() => findKernelSpec("none", env)).toThrow(/No kernel named "none" is installed\. Installed: shared, broken, empty, py\. Searched: /);
    expect(() => findKernelSpec("broken", env)).toThrow(/Cannot read the kernelspec .*broken.kernel\.json/);
    expect(() => findKernelSpec("empty", env)).toThrow(/empty.kernel\.json has no "argv"/);
  });
});
