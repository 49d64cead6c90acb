import { papers, verdictKey, verdicts } from "./verdicts.ts";

/** Without scripts: a box that is not ticked hides its rows, and a browser that does not know `:has` shows them all. */
const filters = [
  ...papers.map((paper) => [`#paper-${paper}`, `tr[data-paper="${paper}"]`]),
  ...verdicts.map((verdict) => [`#verdict-${verdictKey(verdict)}`, `tr[data-verdict="${verdictKey(verdict)}"]`]),
].map(([box, rows]) => `body:has(${box}:not(:checked)) ${rows} { display: none; }`).join("\n");

/** The site's look: light and dark, paper, telephone. Colours of text have a contrast of at least 4.5 on their ground. */
export const style = `:root { --ground: #fff; --soft: #f4f5f7; --line: #d9dce1; --text: #1c2026; --quiet: #59626e; --link: #0b57b0; --warn: #fff4d6; --warn-line: #b98900;
  --good: #1b6331; --good-soft: #e3f4e7; --bad: #a8231b; --bad-soft: #fdeae8; --even: #4a4f9c; --even-soft: #ececfa; color-scheme: light; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171c; --soft: #1e232b; --line: #343b46; --text: #e4e7ec; --quiet: #a3acb9; --link: #86b6ff; --warn: #37300f; --warn-line: #d3a72c;
  --good: #86dba0; --good-soft: #17301f; --bad: #ff9a91; --bad-soft: #3a1d1b; --even: #b6baff; --even-soft: #25274a; color-scheme: dark; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: break-word; }
main, footer, body > nav { max-width: 75rem; margin: 0 auto; padding: 0 1.25rem; }
main { padding-bottom: 3rem; } footer { color: var(--quiet); font-size: .85rem; border-top: 1px solid var(--line); }
a { color: var(--link); } a:hover { text-decoration-thickness: 2px; } :focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; } .skip:focus { left: 1rem; top: .5rem; background: var(--ground); padding: .3rem .6rem; z-index: 2; }
body > nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.4rem; padding: .8rem 0; margin: 0; border-bottom: 1px solid var(--line); font-size: .92rem; }
body > nav a { color: var(--quiet); text-decoration: none; } body > nav a:hover { text-decoration: underline; } body > nav a[aria-current] { color: var(--text); font-weight: 600; }
h1, h2, h3 { line-height: 1.25; text-wrap: balance; margin: 1.8em 0 .5em; } h1 { font-size: 1.75rem; margin-top: .7em; } h2 { font-size: 1.3rem; } h3 { font-size: 1.05rem; }
p, ul, ol, dl { margin: 0 0 1em; } p, li, dd { max-width: 46rem; } li { margin: .25em 0; }
.lead { font-size: 1.12rem; } .quiet, .why, .note { color: var(--quiet); } .why, .note { font-size: .88em; } .trail { font-size: .9rem; margin: 1.2rem 0 -.6rem; }
.banner { background: var(--warn); border-left: 4px solid var(--warn-line); border-radius: 4px; padding: .7rem 1rem; margin: 1.2rem 0 0; max-width: none; } .banner.quiet { color: inherit; background: var(--soft); border-color: var(--line); }
.label { font-size: .8rem; font-weight: 600; border: 1px solid var(--warn-line); border-radius: 4px; padding: .1em .45em; white-space: nowrap; }
dl.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .25rem 1.2rem; } dl.facts dt { color: var(--quiet); } dl.facts dd { margin: 0; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: .88em; } code { overflow-wrap: anywhere; } pre { background: var(--soft); border-radius: 6px; padding: .75rem 1rem; overflow: auto; max-height: 36rem; }
details { margin: 0 0 1em; } summary { cursor: pointer; color: var(--link); }
.even table { table-layout: fixed; width: 100%; } .even th:first-child { width: 16%; } details .even th:first-child { width: 30%; }
table { border-collapse: collapse; min-width: min(100%, 34rem); font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .2rem .6rem .4rem 0; } th, td { padding: .4rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; text-align: left; }
thead th { border-bottom: 2px solid var(--line); vertical-align: bottom; } tbody th { font-weight: 500; } th.group { text-align: center; border-bottom: 1px solid var(--line); } .unit { font-weight: 400; color: var(--quiet); }
.right { text-align: right; } .center { text-align: center; } td.right { white-space: nowrap; } .count { white-space: nowrap; margin-right: .6em; } .interval { display: block; color: var(--quiet); font-size: .88em; white-space: nowrap; } .marked { color: var(--quiet); white-space: normal; font-size: .85em; }
td > .why { margin: .25em 0 0; min-width: 13rem; max-width: 30rem; white-space: normal; }
tr:target > *, .claim:target { background: var(--warn); }
.scroll { overflow-x: auto; margin: 0 0 1em; scrollbar-width: thin; } .scroll tbody th { min-width: 8rem; } .cards { margin: 0 0 1em; }
.verdict { display: inline-block; font-size: .84rem; font-weight: 600; white-space: nowrap; border-radius: 4px; padding: .12em .5em; background: var(--soft); color: var(--quiet); }
.verdict.reproduced-in-direction { background: var(--good-soft); color: var(--good); } .verdict.contradicted { background: var(--bad-soft); color: var(--bad); } .verdict.within-noise { background: var(--even-soft); color: var(--even); }
.filter { display: flex; flex-wrap: wrap; gap: .5rem 2rem; margin: 0 0 1em; } fieldset { border: 0; margin: 0; padding: 0; min-width: 0; display: flex; flex-wrap: wrap; gap: .1rem 1rem; font-size: .92rem; } legend { float: left; color: var(--quiet); padding: 0; margin-right: .2rem; } .filter label { white-space: nowrap; }
@supports not selector(:has(*)) { .filter { display: none; } }
${filters}
.claim { border-left: 3px solid var(--line); padding: .1rem 0 .1rem 1rem; margin: 0 0 1.4rem; } .claim h3 { margin: 0 0 .3em; } .claim > p { margin-bottom: .5em; }
figure { margin: 0 0 1.5em; } figcaption { color: var(--quiet); font-size: .88rem; max-width: 46rem; }
.plot .frame { overflow-x: auto; } .plot .still { display: block; max-width: 100%; height: auto; } .plot.drawn .still { display: none; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 0 1.5rem; } .pair > * { min-width: 0; }
@media (max-width: 40rem) {
  main, footer, body > nav { padding-left: 1rem; padding-right: 1rem; } h1 { font-size: 1.4rem; } h2 { font-size: 1.2rem; } dl.facts { grid-template-columns: minmax(0, 1fr); gap: 0; } dl.facts dd { margin-bottom: .5rem; }
  .plot .still { max-width: none; width: 38rem; } .plot.drawn .live { width: 100%; min-width: 38rem; } .cards table, .cards thead, .cards tbody, .cards th, .cards td, .cards caption { display: block; min-width: 0; } td > .why { min-width: 0; } .even th:first-child, details .even th:first-child { width: auto; } .cards thead { position: absolute; left: -100rem; } .cards tbody tr { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1rem; border-bottom: 1px solid var(--line); padding: .6rem 0; } .cards td, .cards tbody th { grid-column: 1 / -1; border: 0; padding: .15rem 0; text-align: left; min-width: 0; } .cards td.right, .cards td.half { grid-column: auto; white-space: normal; }
  .cards td[data-label]:not([data-label=""])::before { content: attr(data-label); display: block; color: var(--quiet); font-size: .8rem; } .scroll th, .scroll td { padding: .35rem .5rem; } .scroll tbody th { min-width: 6.5rem; max-width: 9rem; position: sticky; left: 0; background: var(--ground); }
}
@page { margin: 14mm; }
@media print { .pair { grid-template-columns: 1fr 1fr; } details::details-content { content-visibility: visible; } summary { color: inherit; list-style: none; } }
@media print { :root { --ground: #fff; --text: #000; --quiet: #444; color-scheme: light; } body { font-size: 10pt; } body > nav, .filter, .skip { display: none; } main, footer { max-width: none; padding: 0; } a { color: inherit; }
  .plot .live { display: none !important; } .plot .still, .plot.drawn .still { display: block; } .scroll { overflow: visible; } table { font-size: 8pt; } th, td { padding: .2rem .35rem; } .scroll td.right, .interval { white-space: normal; } td > .why { min-width: 0; }
  tr, figure, .claim, .banner { break-inside: avoid; } h1, h2, h3 { break-after: avoid; } .verdict { border: 1px solid currentColor; background: none; white-space: normal; } pre { max-height: none; white-space: pre-wrap; } input[type="range"] { display: none; } }
`;
