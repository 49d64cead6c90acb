import { mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { childError, runChild } from "./child.ts";
import { compileFlags, type Addon } from "./folders.ts";
import { findCompiler, type Tool } from "./tools.ts";

/**
 * Compiles addons into a folder. `library` is where the TensorFlow library lies now, `target` the folder that the
 * addons will be moved to: their run path is relative to it, so that the whole cache can be moved.
 * Throws with the compiler's first errors.
 */
export async function compileAddons(addons: readonly Addon[], folders: { output: string; target: string; library: string }, signal?: AbortSignal): Promise<void> {
  const compiler = findCompiler();
  mkdirSync(folders.output, { recursive: true });
  for (const addon of addons) {
    const ended = await runChild(compiler.command, compilerArguments(compiler, addon, folders), signal ? { signal } : {});
    if (ended.code !== 0) throw compileError(compiler, addon, ended, folders.output);
  }
}

function compilerArguments(compiler: Tool, addon: Addon, folders: { output: string; target: string; library: string }): string[] {
  const includes = [...addon.includes, ...(addon.linksTensorflow ? [join(folders.library, "include")] : [])];
  const libraries = ["libtensorflow_cc.so.2", "libtensorflow_framework.so.2"].map((name) => join(folders.library, name));
  const link = addon.linksTensorflow ? [...libraries, `-Wl,-rpath,$ORIGIN/${relative(folders.target, folders.library)}`] : [];
  return [
    ...compiler.prefix, ...compileFlags, `-DNODE_GYP_MODULE_NAME=${addon.name}`, ...includes.flatMap((folder) => ["-I", folder]),
    ...addon.sources, ...link, "-o", join(folders.output, `${addon.name}.node`),
  ];
}

function compileError(compiler: Tool, addon: Addon, ended: Parameters<typeof childError>[1], folder: string): Error {
  const errors = ended.stderr.split("\n").filter((line) => /error|undefined reference|cannot find|No space/.test(line)).slice(0, 8);
  const shown = errors.length > 0 ? { ...ended, stderr: errors.join("\n") } : ended;
  return childError(`compiling ${addon.name} with ${compiler.command} (${compiler.version})`, shown, folder, "The compiler must know C++17 (g++ ≥ 8, clang++ ≥ 7); choose another with CXX=…");
}
