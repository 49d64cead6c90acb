import { AnsiUp } from "ansi_up";
import { escapeHtml } from "../../display/escape.ts";
import type { ErrorOutput, MimeBundle, Output } from "../../notebook/index.ts";
import { scriptJson } from "./escape.ts";
import { highlight } from "./highlight.ts";
import { renderMarkdown, renderMath } from "./markdown.ts";
import type { Scrubber } from "./scrub.ts";
import { isInterrupt } from "./interrupted.ts";

export interface OutputContext {
  scrubber: Scrubber;
  /** Called for each interactive figure: the page then carries Plotly. */
  onFigure: () => void;
}

/** What a renderer knows beside its data: the output's whole bundle, and the metadata of this type. */
interface Beside {
  bundle: MimeBundle;
  metadata: Readonly<Record<string, unknown>>;
}

type Renderer = (data: unknown, beside: Beside, context: OutputContext) => string;

/** Terminal text as HTML: colours and weights become classes, everything else is escaped. */
export function ansi(text: string): string {
  const converter = new AnsiUp();
  converter.use_classes = true;
  return converter.ansi_to_html(text);
}

const str = (data: unknown): string => (typeof data === "string" ? data : JSON.stringify(data));
const image = (type: string): Renderer => (data, { bundle, metadata }) => {
  const alt = typeof bundle["text/plain"] === "string" ? bundle["text/plain"] : "picture";
  const size = ["width", "height"].map((side) => (Number(metadata[side]) > 0 ? ` ${side}="${Number(metadata[side])}"` : "")).join("");
  return `<img src="data:${type};base64,${str(data).replace(/\s+/g, "")}" alt="${escapeHtml(alt)}"${size}>`;
};

function vector(data: unknown): string {
  const encoded = Buffer.from(str(data)).toString("base64");
  return `<img src="data:image/svg+xml;base64,${encoded}" alt="drawing">`;
}

/** The figure's still picture, for printing and for browsers without scripts. */
function still(bundle: MimeBundle): string {
  const png = bundle["image/png"];
  if (typeof png === "string") return `<img src="data:image/png;base64,${png.replace(/\s+/g, "")}" alt="figure">`;
  const html = bundle["text/html"];
  return (typeof html === "string" && /<img\b[^>]*\bsrc="data:[^>]*>/i.exec(html)?.[0]) || "";
}

function plotly(data: unknown, { bundle }: Beside, context: OutputContext): string {
  context.onFigure();
  const picture = still(bundle);
  const fallback = picture === "" ? "" : `<div class="still">${picture}</div>`;
  return `<figure class="plotly">${fallback}<script type="application/json">${scriptJson(data)}</script></figure>`;
}

/** A progress display as it ended; the bar of one that went through would say nothing. */
function progress(data: unknown): string {
  const { label, value, total, text = "", done } = data as { label?: string; value?: number; total?: number; text?: string; done?: boolean };
  const whole = done === true && value === total;
  const bar = typeof total === "number" && !whole ? `<progress max="${Number(total)}" value="${Number(value)}"></progress> ` : "";
  return `<div class="progress${done ? " done" : ""}">${bar}${escapeHtml(label === undefined ? text : `${label}: ${text}`)}</div>`;
}

function latex(data: unknown): string {
  const tex = str(data).trim();
  const inner = /^\$\$([\s\S]*)\$\$$/.exec(tex)?.[1] ?? /^\$([\s\S]*)\$$/.exec(tex)?.[1] ?? /^\\\[([\s\S]*)\\\]$/.exec(tex)?.[1] ?? tex;
  return renderMath(inner.replace(/^\\displaystyle\s*/, ""), true);
}

const json: Renderer = (data) => `<pre class="text">${highlight(JSON.stringify(data, null, 2), "json")}</pre>`;

/** What is shown of a bundle: the first of these types that it has. */
const renderers: readonly (readonly [string, Renderer])[] = [
  ["application/vnd.plotly.v1+json", plotly],
  ["application/vnd.potstill.progress+json", progress],
  ["text/html", (data, _, { scrubber }) => `<div class="html scroll">${scrubber.text(str(data))}</div>`],
  ["image/svg+xml", vector],
  ["image/png", image("image/png")],
  ["image/jpeg", image("image/jpeg")],
  ["image/gif", image("image/gif")],
  ["image/webp", image("image/webp")],
  ["text/markdown", (data, _, { scrubber }) => `<div class="markdown">${scrubber.text(renderMarkdown(str(data), { cell: -1 }))}</div>`],
  ["text/latex", latex],
  ["application/json", json],
  ["text/plain", (data, _, { scrubber }) => `<pre class="text">${ansi(scrubber.text(str(data)))}</pre>`],
];

function bundleHtml(bundle: MimeBundle, metadata: Readonly<Record<string, unknown>>, context: OutputContext): string {
  for (const [type, render] of renderers) {
    if (bundle[type] !== undefined) return render(bundle[type], { bundle, metadata: (metadata[type] ?? {}) as Beside["metadata"] }, context);
  }
  const types = Object.keys(bundle);
  return types.length === 0 ? "" : `<p class="note">An output of type ${types.map(escapeHtml).join(", ")} cannot be shown here.</p>`;
}

function errorHtml({ ename, evalue, traceback }: ErrorOutput, { scrubber }: OutputContext): string {
  const head = scrubber.text(`${ename}: ${evalue}`);
  const text = scrubber.text(traceback.join("\n"));
  const rest = text === "" || text === head ? "" : `<pre class="text">${ansi(text)}</pre>`;
  return `<div class="error"><p><strong>${escapeHtml(head)}</strong></p>${rest}</div>`;
}

/** One output of a cell as HTML. */
export function renderOutput(output: Output, context: OutputContext): string {
  if (isInterrupt(output)) return '<p class="note">The run was interrupted here.</p>';
  if (output.output_type === "error") return errorHtml(output, context);
  if (output.output_type === "stream") return `<pre class="text stream-${output.name === "stderr" ? "err" : "out"}">${ansi(context.scrubber.text(output.text))}</pre>`;
  return bundleHtml(output.data, output.metadata, context);
}
