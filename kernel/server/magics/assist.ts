import { escapeHtml } from "../../display/escape.ts";
import { splitMagics } from "../../language/magics.ts";
import type { MagicCall } from "../../language/magics.ts";
import type { Completions } from "../../language/service/client.ts";
import type { MimeBundle } from "../../language/link.ts";
import { magics } from "./index.ts";
import { helpText } from "./lsmagic.ts";
import type { Magic } from "./magic.ts";

/** Completions when the cursor (UTF-16) is in a magic: of its name, or of its words; undefined when it is in code. */
export function completeMagic(code: string, cursor: number): Completions | undefined {
  const call = callAt(code, cursor);
  if (call === undefined) return undefined;
  const before = code.slice(call.start, cursor);
  const name = /^[ \t]*(%%?[^\s%]*)$/.exec(before)?.[1];
  if (name === undefined) return completeWord(call, before, cursor);
  const percent = /^%%?/.exec(name)![0];
  const entries = Object.entries(magics).map(([each, { usage, summary }]) => ({ text: percent + each, signature: `${usage}\n${summary}` }));
  return completions(entries, "magic", { start: cursor - name.length, end: cursor, typed: name });
}

/** The help of the magic at the cursor; undefined when the cursor is in code. */
export function inspectMagic(code: string, cursor: number): { found: boolean; data: MimeBundle } | undefined {
  const call = callAt(code, cursor);
  if (call === undefined) return undefined;
  const magic = magicOf(call);
  return magic === undefined ? { found: false, data: {} } : { found: true, data: helpBundle(magic) };
}

function callAt(code: string, cursor: number): MagicCall | undefined {
  return splitMagics(code).magics.find(({ start, end }) => cursor >= start && cursor <= end);
}

const magicOf = ({ name }: MagicCall): Magic | undefined => (Object.hasOwn(magics, name) ? magics[name] : undefined);

function completeWord(call: MagicCall, before: string, cursor: number): Completions {
  const typed = /\S*$/.exec(before)![0];
  const entries = (magicOf(call)?.words ?? []).map((text) => ({ text, signature: "" }));
  return completions(entries, "value", { start: cursor - typed.length, end: cursor, typed });
}

function completions(all: readonly { text: string; signature: string }[], type: string, { start, end, typed }: { start: number; end: number; typed: string }): Completions {
  const entries = all.filter(({ text }) => text.startsWith(typed));
  const types = entries.map(({ text, signature }) => ({ text, type, start, end, signature }));
  return { matches: entries.map(({ text }) => text), start, end, metadata: { _jupyter_types_experimental: types } };
}

function helpBundle(magic: Magic): MimeBundle {
  const { usage, summary, details } = magic;
  const paragraphs = details === undefined ? [summary] : [summary, details];
  return {
    "text/plain": helpText(magic).trimEnd(),
    "text/markdown": [`\`\`\`\n${usage}\n\`\`\``, ...paragraphs].join("\n\n"),
    "text/html": [`<pre style="margin: 0 0 0.5em"><code>${escapeHtml(usage)}</code></pre>`, ...paragraphs.map((text) => `<p>${escapeHtml(text).replace(/`([^`]*)`/g, "<code>$1</code>")}</p>`)].join("\n"),
  };
}
