import { markup, trusted } from "./markup.ts";
import type { Content, Markup } from "./markup.ts";
import { linkFrom, places } from "./places.ts";
import type { Site, SitePage } from "./types.ts";

export interface PageParts {
  readonly path: string;
  readonly title: string;
  /** Links above the title, from the top. */
  readonly trail?: readonly Markup[];
  readonly body: Content;
}

/**
 * Nothing may come from the network, whatever a page asks for. `file:` is what a folder's own files are to a page that is
 * opened from disk; `'self'` where it is served.
 */
const policy = "default-src 'none'; script-src 'self' file: 'unsafe-inline'; style-src 'self' file: 'unsafe-inline'; img-src 'self' file: data: blob:; base-uri 'none'; form-action 'none'";

/** A whole page: head, navigation, what the profile proves, body, footer. */
export function pageOf(site: Pick<Site, "profile" | "cut" | "writtenAt">, { path, title, trail = [], body }: PageParts): SitePage {
  const to = (target: string) => linkFrom(path, target);
  const html = markup`${trusted("<!DOCTYPE html>")}
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="Potstill">
<title>${title} · Potstill</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${to(places.style)}">
<script src="${to(places.script)}" data-plotly="${to(places.plotly)}" defer></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<nav aria-label="Site"><ul>${entries.map(([target, name]) => markup`<li><a href="${to(target)}"${target === path ? trusted(' aria-current="page"') : ""}>${name}</a></li>`)}</ul></nav>
<main id="content">
${banner(site)}${cutBanner(site)}
${trail.length > 0 && markup`<p class="trail">${trail.map((step) => markup`${step} <span aria-hidden="true">›</span> `)}</p>`}
<h1>${title}</h1>
${body}
</main>
<footer><p>Written by Potstill${site.writtenAt && markup`, <time datetime="${site.writtenAt.toISOString()}">${site.writtenAt.toISOString().slice(0, 16).replace("T", " ")} UTC</time>`}. Measured times and sizes are those of this run alone.</p></footer>
</body>
</html>
`;
  return { path, html: html.html };
}

const entries = [[places.index, "Claims and verdicts"], [places.differences, "Paper, official code, this kit"], [places.trainings, "Trainings"]] as const;

/** What a reader must know before any number. */
function banner({ profile }: Pick<Site, "profile">): Markup | false {
  if (profile === "smoke") return markup`<p class="banner" role="note"><strong>Smoke profile: this proves the pipeline and is no reproduction.</strong> Tiny networks were trained for minutes on drawn scenes or a few photographs; their numbers say that everything runs, and nothing about the papers.</p>`;
  if (profile === "mini") return markup`<p class="banner quiet" role="note"><strong>Mini profile:</strong> small networks on a small data set. Directions of effects can show; the papers' numbers cannot.</p>`;
  return false;
}

function cutBanner({ cut }: Pick<Site, "cut">): Markup | false {
  if (cut === undefined) return false;
  const parts = [...(cut.iterations === undefined ? [] : [`${cut.iterations} iterations of the papers' 2x schedule, the others in proportion`]), ...(cut.rows === undefined ? [] : [`the rows ${cut.rows.join(", ")}, and those that belong to them`])];
  return markup`<p class="banner" role="note"><strong>Cut short:</strong> ${parts.join("; ")}. A look, and no result of the profile.</p>`;
}
