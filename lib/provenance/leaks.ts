import { realpathSync } from "node:fs";
import { homedir, hostname, tmpdir, userInfo } from "node:os";
import { packageRoot } from "../backend/setup/folders.ts";
import { secretsOf, type Secrets } from "./secrets.ts";

/** What a text that leaves a machine must not tell of it. */
export interface Machine {
  /** Folders, and what stands for each. */
  readonly folders: readonly (readonly [folder: string, standIn: string])[];
  readonly user?: string;
  readonly host?: string;
  readonly secrets: Secrets;
}

export interface Leak {
  readonly kind: "absolute path" | "user name" | "host name" | "secret";
  /** The words; of a secret the name of its variable, never its value. */
  readonly found: string;
  /** From 1. */
  readonly line: number;
}

function loginName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined; // a user without an entry, as containers have
  }
}

/** This machine as its processes see it. */
export function thisMachine(environment: NodeJS.ProcessEnv = process.env): Machine {
  const real = (folder: string) => { try { return realpathSync(folder); } catch { return folder; } };
  const known = [[process.cwd(), "."], [packageRoot(), "potstill"], [tmpdir(), "TMP"], [homedir(), "~"]] as const;
  const user = loginName();
  return { folders: known.flatMap(([folder, standIn]) => [...new Set([folder, real(folder)])].map((path) => [path, standIn] as const)), ...(user !== undefined && { user }), host: hostname(), secrets: secretsOf(environment) };
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** What is skipped whole: data URIs and base64, where any letters stand beside any. */
const opaque = String.raw`data:[a-z]+\/[^"'\s)\\]+|[A-Za-z0-9+/]{200,}={0,2}`;
const begins = String.raw`(?<![\w.~/%<-])`;
const segment = String.raw`[\w.@+~%=,-]+`;
const roots = "home|Users|root|tmp|var|mnt|media|opt|srv|private|work|workspaces?|data|datasets|scratch|nfs|lustre|gpfs|builds?|Volumes";
/** Paths from a root that machines have, or that climb to one with people's names; `file:` addresses; Windows' own. */
const anyPath = String.raw`${begins}(?:file:\/\/)?\/(?:${roots})(?:\/${segment})+|${begins}(?:\.\.\/)+(?:home|Users|root)(?:\/${segment})+|\b[A-Za-z]:(?:\\{1,2}${segment})+`;

interface Rule {
  readonly kind: Leak["kind"];
  readonly pattern: RegExp;
  /** What stands for what was found, and how it is told. */
  readonly standIn: (found: string) => string;
  readonly told?: string;
}

function rules({ folders, user, host, secrets }: Machine): Rule[] {
  const exact = [...folders].filter(([folder]) => folder.length > 1).sort(([a], [b]) => b.length - a.length);
  const either = (pattern: string) => new RegExp(`${opaque}|(${pattern})`, "g");
  return [
    ...Object.entries(secrets).sort(([, a], [, b]) => b.length - a.length).map(([name, value]): Rule => ({ kind: "secret", pattern: new RegExp(`(${escaped(value)})`, "g"), standIn: () => `[${name}]`, told: name })),
    ...exact.map(([folder, standIn]): Rule => ({ kind: "absolute path", pattern: either(`${begins}(?:file:\\/\\/)?${escaped(folder)}(?![\\w.-])`), standIn: () => standIn })),
    { kind: "absolute path", pattern: either(anyPath), standIn: (found) => `…/${found.split(/[\\/]/).at(-1)}` },
    ...(user === undefined || user === "" ? [] : [named("user name", user, String.raw`(?<=\b(?:home|Users|USER|LOGNAME|USERNAME)[/\\=]|~)${escaped(user)}\b|\b${escaped(user)}(?=@)`)]),
    ...(host === undefined || host === "" || host === "localhost" ? [] : [named("host name", host, /[\d.-]/.test(host) ? String.raw`(?<![\w-])${escaped(host)}(?![\w-])` : String.raw`(?<=@|\b[Hh]ost(?:name)?["':= ]{1,4})${escaped(host)}\b`)]),
  ];
  function named(kind: "user name" | "host name", _name: string, pattern: string): Rule {
    return { kind, pattern: either(pattern), standIn: () => (kind === "user name" ? "user" : "host") };
  }
}

/**
 * What a text tells of the machine that made it: absolute paths, the user's and the host's name, values of secrets that the
 * environment holds. Names are looked for where they are names (`ada@…`, `/home/ada`): a user called `student` must be able
 * to write of students.
 */
export function findLeaks(text: string, machine: Machine = thisMachine()): readonly Leak[] {
  const leaks: Leak[] = [];
  for (const { kind, pattern, told } of rules(machine)) {
    for (const match of text.matchAll(pattern)) {
      if (match[1] === undefined) continue;
      leaks.push({ kind, found: told ?? match[1], line: text.slice(0, match.index).split("\n").length });
    }
  }
  return leaks;
}

/** The text without what `findLeaks` would find: known folders get their stand-in, other paths keep their last name. */
export function withoutLeaks(text: string, machine: Machine = thisMachine()): string {
  return rules(machine).reduce((cleaned, { pattern, standIn }) => cleaned.replace(pattern, (whole: string, found: string | undefined) => (found === undefined ? whole : standIn(found))), text);
}
