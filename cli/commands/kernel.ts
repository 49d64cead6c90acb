import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import { newConnection, writeConnectionFile } from "../../kernel/client/connection-file.ts";
import { findKernelSpecs, readKernelSpec } from "../../kernel/client/index.ts";
import { checkKernelName, installKernelSpec, kernelFolder, kernelJson, kernelName, uninstallKernelSpec } from "../../kernel/kernelspec/index.ts";
import type { Location } from "../../kernel/kernelspec/index.ts";
import { UsageError } from "../errors.ts";

interface LocationFlags {
  user?: boolean;
  sysPrefix?: boolean;
  prefix?: string;
  name: string;
}

interface InstallFlags extends LocationFlags {
  displayName?: string;
  typecheck?: "error" | "warn" | "off";
  tsx?: boolean;
}

/** `potstill kernel install | uninstall | list | start`. */
export function register(program: Command): void {
  const kernel = program.command("kernel").description("the TypeScript kernel for Jupyter: install it, remove it, list kernels, start one");
  withLocation(kernel.command("install").description("make the kernel known to Jupyter (for you alone, unless told otherwise)"))
    .option("--display-name <text>", "what launchers call it")
    .addOption(new Option("--typecheck <mode>", "what is done about type errors: the cell is not run, they are shown and it runs, or they are not looked for").choices(["error", "warn", "off"]))
    .option("--tsx", "cells are TSX: <Tag/> is an element")
    .action((flags: InstallFlags) => install(locationOf(flags) ?? { kind: "user" }, flags));
  withLocation(kernel.command("uninstall").description("remove the kernel (the one Jupyter would use, unless told otherwise)"))
    .action((flags: LocationFlags) => uninstall(locationOf(flags), flags.name));
  kernel.command("list").description("list the kernels that Jupyter's folders hold").action(list);
  kernel.command("start").description("start a kernel in this terminal and say how to connect to it")
    .option("-f, --connection-file <file>", "use this connection file instead of making one")
    .action((flags: { connectionFile?: string }) => start(flags.connectionFile));
}

function withLocation(command: Command): Command {
  return command
    .option("--user", "in your own Jupyter folder")
    .option("--sys-prefix", "in the active Python environment")
    .option("--prefix <dir>", "in DIR/share/jupyter/kernels")
    .option("--name <name>", "the name by which Jupyter knows it, for several side by side", kernelNamed, kernelName);
}

function locationOf({ user, sysPrefix, prefix }: LocationFlags): Location | undefined {
  const given = [user && "--user", sysPrefix && "--sys-prefix", prefix !== undefined && "--prefix"].filter(Boolean);
  if (given.length > 1) throw new UsageError(`${given.join(" and ")} exclude each other: give one.`);
  if (prefix === "") throw new UsageError("--prefix needs a folder.");
  if (prefix !== undefined) return { kind: "prefix", path: prefix };
  return sysPrefix ? { kind: "sys-prefix" } : user ? { kind: "user" } : undefined;
}

function kernelNamed(text: string): string {
  try {
    return checkKernelName(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

function install(location: Location, { name, typecheck, tsx, displayName = name === kernelName ? undefined : `TypeScript (Potstill: ${name})` }: InstallFlags): void {
  const folder = installKernelSpec(kernelFolder(location, process.env, name), kernelJson({ displayName, typecheck, tsx }));
  process.stdout.write(`Installed the kernel "${name}" in ${folder}\n`);
}

function uninstall(location: Location | undefined, name: string): void {
  const folder = location ? kernelFolder(location, process.env, name) : findKernelSpecs().get(name.toLowerCase());
  if (folder === undefined) throw new Error(`The kernel "${name}" is not installed where Jupyter looks. potstill kernel list shows the kernels it finds.`);
  uninstallKernelSpec(folder);
  process.stdout.write(`Removed ${folder}\n`);
}

function list(): void {
  const specs = [...findKernelSpecs()];
  if (specs.length === 0) process.stdout.write("No kernels are installed. potstill kernel install adds Potstill's.\n");
  const width = Math.max(...specs.map(([name]) => name.length));
  for (const [name, folder] of specs) process.stdout.write(`${name.padEnd(width)}  ${folder}${remark(folder, name)}\n`);
}

/** What is wrong with a kernelspec, if anything is. */
function remark(folder: string, name: string): string {
  try {
    const { argv } = readKernelSpec(folder, name);
    const lost = argv.find((word) => word.startsWith("/") && !existsSync(word));
    return lost === undefined ? "" : `  (broken: ${lost} does not exist)`;
  } catch (error) {
    return `  (broken: ${(error as Error).message})`;
  }
}

async function start(asked: string | undefined): Promise<void> {
  if (asked !== undefined && !existsSync(asked)) throw new UsageError(`--connection-file: ${asked} does not exist.`);
  const made = asked === undefined ? writeConnectionFile((await newConnection(kernelName)).text, process.env) : undefined;
  const file = made?.path ?? resolve(asked!);
  process.stdout.write(`To connect another client: jupyter console --existing ${file}\nCtrl-C interrupts the running cell; close the terminal or send SIGTERM to end the kernel.\n`);
  try {
    process.exitCode = await run(file);
  } finally {
    made?.remove();
  }
}

/** Runs a kernel process to its end; the terminal sends it Ctrl-C itself. */
function run(file: string): Promise<number> {
  const [program, ...args] = kernelJson().argv.map((word) => (word === "{connection_file}" ? file : word));
  const child = spawn(program, args, { stdio: "inherit" });
  const ignore = () => undefined;
  const forward = () => void child.kill("SIGTERM");
  process.on("SIGINT", ignore).on("SIGTERM", forward);
  return new Promise<number>((done, failed) => {
    child.on("error", failed).on("exit", (code, signal) => done(signal === null ? (code ?? 1) : signal === "SIGTERM" ? 0 : 1));
  }).finally(() => process.off("SIGINT", ignore).off("SIGTERM", forward));
}
