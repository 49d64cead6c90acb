import type TS from "typescript";
import { ts } from "./typescript.ts";
import { escapeHtml } from "../../display/escape.ts";
import type { MimeBundle } from "../../display/mime.ts";
import type { Framed } from "./core.ts";

export type Inspection = { found: boolean; data: MimeBundle };
type Question = { readonly frame: Framed; readonly cursor: number; readonly detail: 0 | 1 };
type Description = { readonly signature: string; readonly documentation: string; readonly tags: readonly string[]; readonly source?: string };

/**
 * What stands at the cursor: the name under or just before it, or else the function whose arguments it is among.
 * Detail 1 adds the source where it is declared, when that is in the notebook's own files.
 */
export function inspection(service: TS.LanguageService, file: string, question: Question): Inspection {
  const found = quickInfo(service, file, question) ?? signatureHelp(service, file, question);
  return found === undefined ? { found: false, data: {} } : { found: true, data: bundle(found) };
}

/** The files that declare what {@link inspection} would describe, where its documentation stands. */
export function declaringFiles(service: TS.LanguageService, file: string, question: Question): Set<string> {
  const { frame, cursor } = question;
  const call = service.getSignatureHelpItems(file, frame.start + cursor, undefined);
  const positions = [...namePositions(question).map((position) => frame.start + position), ...(call ? [call.applicableSpan.start - 1] : [])];
  return new Set(positions.flatMap((position) => service.getDefinitionAtPosition(file, position) ?? []).map(({ fileName }) => fileName));
}

/** Where a name may stand: at the cursor or just before it. */
const namePositions = ({ frame, cursor }: Question): number[] =>
  [cursor, cursor - 1].filter((position) => position >= 0 && /[\p{ID_Continue}$#"']/u.test(frame.code.charAt(position)));

function quickInfo(service: TS.LanguageService, file: string, question: Question): Description | undefined {
  const { frame, detail } = question;
  for (const position of namePositions(question)) {
    const info = service.getQuickInfoAtPosition(file, frame.start + position);
    if (info === undefined || isUnknown(info)) continue;
    return {
      signature: plainPaths(ts.displayPartsToString(info.displayParts)),
      documentation: ts.displayPartsToString(info.documentation),
      tags: tagLines(info.tags ?? []),
      ...(detail === 1 ? definition(service, file, frame.start + position) : {}),
    };
  }
  return undefined;
}

/** What TypeScript says of a name that nothing declares. */
const isUnknown = ({ kind, displayParts }: TS.QuickInfo): boolean => kind === ts.ScriptElementKind.unknown && ts.displayPartsToString(displayParts) === "any";

function signatureHelp(service: TS.LanguageService, file: string, { frame, cursor }: Question): Description | undefined {
  const help = service.getSignatureHelpItems(file, frame.start + cursor, undefined);
  const item = help?.items[help.selectedItemIndex];
  if (help === undefined || item === undefined) return undefined;
  const text = ts.displayPartsToString;
  const parameters = item.parameters.map(({ displayParts }) => text(displayParts)).join(text(item.separatorDisplayParts));
  return {
    signature: plainPaths(text(item.prefixDisplayParts) + parameters + text(item.suffixDisplayParts)),
    documentation: text(item.documentation),
    tags: tagLines(item.tags),
  };
}

function definition(service: TS.LanguageService, file: string, position: number): { source?: string } {
  const found = service.getDefinitionAtPosition(file, position)?.find(({ fileName }) => !fileName.includes("/node_modules/"));
  const whole = found?.contextSpan ?? found?.textSpan;
  const source = found && service.getProgram()?.getSourceFile(found.fileName)?.text;
  return source === undefined || whole === undefined ? {} : { source: source.slice(whole.start, whole.start + whole.length) };
}

const tagLines = (tags: readonly TS.JSDocTagInfo[]): string[] =>
  tags.map(({ name, text }) => `@${name} ${ts.displayPartsToString(text)}`.trim());

const plainPaths = (text: string): string => text.replace(/import\("[^"]*__potstill_[^"]*"\)\./g, "").replace(/\n?\(alias\) /, (start) => start && "").replace(/\nimport \S+$/, "");

function bundle({ signature, documentation, tags, source }: Description): MimeBundle {
  const prose = [documentation, tags.join("\n")].filter((part) => part !== "");
  const code = (text: string): string => `\`\`\`typescript\n${text}\n\`\`\``;
  const pre = (text: string): string => `<pre style="margin: 0 0 0.5em"><code>${escapeHtml(text)}</code></pre>`;
  const sources = source === undefined ? [] : [source];
  return {
    "text/plain": [signature, ...prose, ...sources].join("\n\n"),
    "text/markdown": [code(signature), ...prose.map((part) => part.replaceAll("\n", "  \n")), ...sources.map(code)].join("\n\n"),
    "text/html": [pre(signature), ...prose.map((part) => `<p style="white-space: pre-wrap">${escapeHtml(part)}</p>`), ...sources.map(pre)].join("\n"),
  };
}
