import hljs from "highlight.js";
import { escapeHtml } from "../../display/escape.ts";

/** Code as HTML with highlight.js's classes; a language it does not know stays plain. */
export function highlight(code: string, language: string): string {
  const name = language.toLowerCase();
  return hljs.getLanguage(name) === undefined ? escapeHtml(code) : hljs.highlight(code, { language: name, ignoreIllegals: true }).value;
}
