import { readFileSync } from "node:fs";
import { join } from "node:path";
import { escapeHtml } from "../../display/escape.ts";
import type { MimeBundle } from "../../language/link.ts";
import type { Magic, MagicContext } from "./magic.ts";
import { MagicError } from "./magic.ts";
import { npm } from "./npm.ts";

/** Adds npm packages, and their types, to the notebook's folder. */
export const install: Magic = {
  usage: "%install [--scripts] package[@version] …",
  summary: "Adds npm packages, with their types, to the notebook's folder.",
  details: "Runs `npm install` in the notebook's folder, whose `package.json` then names the packages. Where a package brings no types, `@types/…` is added when there is one. What is there already is not fetched again, so that a notebook that begins with this line also runs without a network. Install scripts of packages run only with `--scripts`.",
  words: ["--scripts"],
  async run(context, args) {
    const { scripts, specs } = parse(args);
    const missing = specs.filter((spec) => !isInstalled(context.folder, spec));
    const present = specs.filter((spec) => !missing.includes(spec));
    if (missing.length > 0) await withProgress(context, `npm install ${missing.join(" ")}`, () => add(context, missing, scripts));
    if (present.length > 0) context.print(`Installed already: ${present.map((spec) => nameAndVersion(context.folder, parsed(spec)!.name)).join(", ")}\n`);
  },
};

function parse(args: readonly string[]): { scripts: boolean; specs: readonly string[] } {
  const specs = args.filter((arg) => arg !== "--scripts");
  const flag = specs.find((arg) => arg.startsWith("-"));
  if (flag !== undefined) throw new MagicError(`%install does not know ${flag}, only --scripts. Usage: ${install.usage}`);
  if (specs.length === 0) throw new MagicError(`%install needs the name of a package. Usage: ${install.usage}`);
  return { scripts: args.length > specs.length, specs };
}

/** Name and version of `name`, `@scope/name` or `name@version`; undefined for folders, archives and addresses. */
function parsed(spec: string): { name: string; version?: string } | undefined {
  const match = /^((?:@[\w.~-]+\/)?[\w~][\w.~-]*)(?:@([^/:]+))?$/.exec(spec);
  return match === null ? undefined : { name: match[1], ...(match[2] === undefined ? {} : { version: match[2] }) };
}

interface Manifest {
  readonly version?: string;
  readonly types?: unknown;
  readonly typings?: unknown;
  readonly exports?: unknown;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function read(path: string): Manifest | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Manifest;
  } catch {
    return undefined;
  }
}

const manifestOf = (folder: string, name: string): Manifest | undefined => read(join(folder, "node_modules", name, "package.json"));

const nameAndVersion = (folder: string, name: string): string => `${name}@${manifestOf(folder, name)?.version ?? "?"}`;

/** Whether the folder's own packages have it, in exactly the version if one is given. */
function isInstalled(folder: string, spec: string): boolean {
  const wanted = parsed(spec);
  const own = read(join(folder, "package.json"));
  const found = wanted && manifestOf(folder, wanted.name);
  if (!wanted || !found || own?.dependencies?.[wanted.name] === undefined) return false;
  return wanted.version === undefined || wanted.version === found.version;
}

async function add(context: MagicContext, specs: readonly string[], scripts: boolean): Promise<string> {
  const { folder } = context;
  const before = dependenciesOf(folder);
  const versions = new Map(Object.keys(before).map((name) => [name, manifestOf(folder, name)?.version]));
  try {
    await npm(["install", "--save", ...(scripts ? [] : ["--ignore-scripts"]), ...specs], context);
    const names = Object.keys(dependenciesOf(folder)).filter((name) => !(name in before) || specs.some((spec) => parsed(spec)?.name === name));
    const types = await addTypes(context, names);
    const replaced = names.filter((name) => versions.get(name) !== undefined && versions.get(name) !== manifestOf(folder, name)?.version);
    return summary(folder, { names, types, scripts, replaced });
  } finally {
    context.packagesChanged();
  }
}

const dependenciesOf = (folder: string): Readonly<Record<string, string>> => read(join(folder, "package.json"))?.dependencies ?? {};

/** Adds the types of packages that bring none, where they exist; a network failure is not the packages' fault. */
async function addTypes(context: MagicContext, names: readonly string[]): Promise<readonly string[]> {
  const added: string[] = [];
  for (const name of names.filter((each) => !bringsTypes(context.folder, each))) {
    const types = `@types/${name.replace(/^@([^/]+)\//, "$1__")}`;
    try {
      await npm(["install", "--save-dev", "--ignore-scripts", types], context);
      added.push(types);
    } catch (error) {
      if (!(error instanceof MagicError)) throw error;
    }
  }
  return added;
}

function bringsTypes(folder: string, name: string): boolean {
  const manifest = manifestOf(folder, name);
  if (name.startsWith("@types/") || manifest === undefined) return true;
  if (manifest.types !== undefined || manifest.typings !== undefined || JSON.stringify(manifest.exports ?? "").includes('"types"')) return true;
  try {
    readFileSync(join(folder, "node_modules", name, "index.d.ts"));
    return true;
  } catch {
    return false;
  }
}

interface Added {
  readonly names: readonly string[];
  readonly types: readonly string[];
  readonly scripts: boolean;
  /** Those that were there in another version. */
  readonly replaced: readonly string[];
}

function summary(folder: string, { names, types, scripts, replaced }: Added): string {
  const added = [...names, ...types].map((name) => nameAndVersion(folder, name)).join(", ");
  const untyped = names.filter((name) => !bringsTypes(folder, name) && !types.includes(`@types/${name.replace(/^@([^/]+)\//, "$1__")}`));
  const waiting = scripts ? [] : names.filter((name) => ["preinstall", "install", "postinstall"].some((script) => manifestOf(folder, name)?.scripts?.[script] !== undefined));
  return [
    `Installed ${added}`,
    ...(replaced.length > 0 ? [`Restart the kernel if it has imported ${replaced.join(", ")} already: a loaded package stays what it is.`] : []),
    ...(untyped.length > 0 ? [`No types were found for ${untyped.join(", ")}: values from there are any.`] : []),
    ...(waiting.length > 0 ? [`Install scripts were not run: ${waiting.join(", ")}. %install --scripts runs them.`] : []),
  ].join("\n");
}

/** Shows that npm works and for how long, and in the end what it did. */
async function withProgress(context: MagicContext, title: string, work: () => Promise<string>): Promise<void> {
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) / 1000);
  const show = context.display(progressBundle(title, seconds(), false));
  const timer = setInterval(() => show(progressBundle(title, seconds(), false)), 1000);
  try {
    const text = await work();
    show({ "text/plain": text, "text/html": `<pre style="margin: 0">${escapeHtml(text)}</pre>` });
  } catch (error) {
    show({ "text/plain": `${title}: failed`, "text/html": `<pre style="margin: 0">${escapeHtml(title)}: failed</pre>` });
    throw error;
  } finally {
    clearInterval(timer);
  }
}

function progressBundle(label: string, value: number, done: boolean): MimeBundle {
  const text = `${label} … ${value} s`;
  return {
    "text/plain": text,
    "text/html": `<div><progress style="vertical-align: middle"></progress> <code>${escapeHtml(label)}</code> ${value} s</div>`,
    "application/vnd.potstill.progress+json": { label, value, text, done },
  };
}
