/** The report's look: light and dark, paper, phone. Colours have a contrast of at least 4.5 on their ground. */
export const style = `
:root { --ground: #ffffff; --soft: #f4f5f7; --line: #d9dce1; --text: #1c2026; --quiet: #5a6370; --link: #0b57b0; --bad: #b3261e; --bad-soft: #fdecea; --good: #1e6b35;
  --keyword: #8b1a8b; --string: #1a6b2f; --number: #9a4b00; --comment: #5a6370; --title: #0b57b0; --type: #7a4a00; color-scheme: light; }
@media (prefers-color-scheme: dark) { :root { --ground: #14171c; --soft: #1e232b; --line: #343b46; --text: #e4e7ec; --quiet: #9aa4b2; --link: #82b4ff; --bad: #ff8a80; --bad-soft: #3a1d1b; --good: #7fd69a;
  --keyword: #e6a0f0; --string: #9bd8a5; --number: #f3b374; --comment: #9aa4b2; --title: #8fbcff; --type: #e8cf85; color-scheme: dark; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text); font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { position: relative; max-width: 52rem; margin: 0 auto; padding: 2rem 1.25rem 6rem; }
a { color: var(--link); }
h1, h2, h3, h4 { line-height: 1.25; margin: 2em 0 .6em; text-wrap: balance; }
h1 { font-size: 1.9rem; margin-top: .4em; } h2 { font-size: 1.45rem; padding-bottom: .2em; border-bottom: 1px solid var(--line); } h3 { font-size: 1.15rem; } h4 { font-size: 1rem; }
p, ul, ol, blockquote { margin: 0 0 1em; }
blockquote { padding-left: 1em; border-left: 3px solid var(--line); color: var(--quiet); }
code, pre, summary { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { font-size: .9em; } :not(pre) > code { background: var(--soft); padding: .1em .3em; border-radius: 3px; overflow-wrap: break-word; }
pre { margin: 0; padding: .75rem 1rem; overflow: auto; font-size: .85rem; line-height: 1.5; background: var(--soft); border-radius: 6px; }
.markdown pre { margin-bottom: 1em; }
.cell { margin: 0 0 1rem; } .cell.markdown > :first-child { margin-top: 0; } .cell.markdown > h2:first-child, .cell.markdown > h3:first-child { margin-top: 1.6em; }
.output { margin: .5rem 0; } .output > pre.text { max-height: 32rem; white-space: pre-wrap; overflow-wrap: anywhere; }
pre.text { background: transparent; border-left: 3px solid var(--line); border-radius: 0; padding: .35rem .9rem; }
pre.stream-err { border-left-color: var(--number); }
details.code > summary { cursor: pointer; font-size: .78rem; color: var(--quiet); padding: .15rem 0; list-style-position: outside; }
details.code[open] > summary { margin-bottom: .25rem; }
img, svg { max-width: 100%; height: auto; } .output img { background: #fff; border-radius: 4px; vertical-align: middle; }
figure { margin: 1rem 0; } figure.plotly { background: #fff; border-radius: 6px; overflow: hidden; } figure.plotly.drawn .still { display: none; }
.scroll, .html [style*="overflow-x"] { overflow-x: auto; scrollbar-width: thin; background: linear-gradient(to right, var(--ground) 30%, transparent) left / 3em 100% no-repeat local, linear-gradient(to left, var(--ground) 30%, transparent) right / 3em 100% no-repeat local, linear-gradient(to right, rgba(128, 128, 128, .45), transparent) left / 1em 100% no-repeat scroll, linear-gradient(to left, rgba(128, 128, 128, .45), transparent) right / 1em 100% no-repeat scroll; } table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums; margin: 0 0 1em; }
th, td { padding: .3rem .7rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; } thead th { border-bottom: 2px solid var(--line); }
/* Pictures and tables wider than the text take the page's width: on both sides, or, beside the contents, on the right. */
.html:has(table, figure, svg) { position: relative; left: 50%; transform: translateX(-50%); width: fit-content; min-width: 100%; max-width: max(100%, calc(100vw - 2.5rem)); }
@media (min-width: 88rem) { .html:has(table, figure, svg) { left: 0; transform: none; max-width: calc(50vw + 23.25rem); } }
header { margin-bottom: 2.5rem; padding-bottom: 1rem; border-bottom: 1px solid var(--line); }
.provenance { color: var(--quiet); font-size: .88rem; } .provenance span + span::before { content: "· "; }
.provenance .status { font-weight: 600; } .status.completed { color: var(--good); } .status.failed { color: var(--bad); } .status.interrupted { color: var(--number); }
table.parameters caption { text-align: left; color: var(--quiet); font-size: .85rem; padding-bottom: .25rem; white-space: nowrap; } table.parameters th { font-weight: normal; } table.parameters td { overflow-wrap: anywhere; }
.note { color: var(--quiet); font-size: .88rem; }
.error { background: var(--bad-soft); border-left: 3px solid var(--bad); border-radius: 4px; padding: .6rem .9rem; } .error > p { margin: 0; color: var(--bad); overflow-wrap: anywhere; } .error pre { margin-top: .5rem; border: 0; padding: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.error.banner { margin-bottom: 1.2em; } .progress { color: var(--quiet); font-size: .88rem; font-variant-numeric: tabular-nums; } progress { width: 10rem; vertical-align: middle; accent-color: var(--link); }
#toggle-code { position: absolute; top: 2rem; right: 1.25rem; font: inherit; font-size: .8rem; color: var(--text); background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .7rem; cursor: pointer; z-index: 1; }
header h1 { padding-right: 7rem; margin: 0 0 .5rem; }
nav { font-size: .85rem; line-height: 1.4; } nav ul { list-style: none; margin: .5rem 0 0; padding: 0; } nav li { margin: .3rem 0; } nav .level-2 { padding-left: .8rem; } nav .level-3 { padding-left: 1.6rem; } nav a { color: var(--quiet); text-decoration: none; } nav a:hover { color: var(--link); text-decoration: underline; } nav summary { font-family: inherit; color: var(--quiet); cursor: pointer; font-weight: 600; }
@media (min-width: 88rem) { nav { position: fixed; top: 2rem; left: 1.5rem; width: calc(50vw - 28rem); max-width: 17rem; max-height: calc(100vh - 4rem); overflow-y: auto; } }
@media (max-width: 87.99rem) { nav { margin: -1.25rem 0 2.5rem; } }
@media (max-width: 40rem) { main { padding: 1.25rem 1rem 4rem; } h1 { font-size: 1.5rem; } h2 { font-size: 1.25rem; } #toggle-code { position: static; display: block; margin-left: auto; } #toggle-code[hidden] { display: none; } details.code > summary { list-style-position: inside; } header h1 { padding-right: 0; } pre { font-size: .78rem; } }
@page { margin: 15mm; }
@media print { :root { --ground: #fff; --text: #000; color-scheme: light; } nav, #toggle-code, details.code:not([open]) { display: none !important; } main { max-width: none; padding: 0; } .html:has(table, figure, svg) { left: 0; transform: none; max-width: 100%; } .output > pre.text { max-height: none; } figure.plotly:has(.still) .live { display: none; } figure.plotly.drawn .still { display: block; } .output, figure, table { break-inside: avoid; } h1, h2, h3 { break-after: avoid; } a { color: inherit; }
  .scroll, .html [style*="overflow-x"] { overflow: visible !important; background: none !important; } .output table { font-size: .75rem !important; } .output th, .output td { padding: .15rem .4rem !important; white-space: normal !important; } }
.formula { display: block; margin: 0 0 1em; padding: .4em 0 .5em; overflow-y: hidden; } .formula .katex-display { margin: 0; } .formula .katex-html { width: max-content; min-width: 100%; } .katex { font-size: 1.1em !important; }
.hljs-keyword, .hljs-literal, .hljs-selector-tag { color: var(--keyword); } .hljs-string, .hljs-regexp { color: var(--string); } .hljs-number { color: var(--number); } .hljs-comment { color: var(--comment); font-style: italic; } .hljs-title, .hljs-attr { color: var(--title); } .hljs-type, .hljs-built_in { color: var(--type); }
.ansi-black-fg { color: var(--text); } .ansi-red-fg, .ansi-bright-red-fg { color: var(--bad); } .ansi-green-fg, .ansi-bright-green-fg { color: var(--string); } .ansi-yellow-fg, .ansi-bright-yellow-fg { color: var(--number); } .ansi-blue-fg, .ansi-bright-blue-fg { color: var(--title); } .ansi-magenta-fg, .ansi-bright-magenta-fg { color: var(--keyword); } .ansi-cyan-fg, .ansi-bright-cyan-fg { color: var(--link); } .ansi-white-fg, .ansi-bright-white-fg, .ansi-bright-black-fg { color: var(--quiet); }
`;
