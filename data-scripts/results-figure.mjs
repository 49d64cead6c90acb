// `npm run figure -- RESULTS.json OUT.svg`: what held and what did not, drawn from a report site's `results.json`.
import { readFileSync, writeFileSync } from "node:fs";
import { build } from "../cli/build.mjs";

const [from, to, ...rest] = process.argv.slice(2);
if (to === undefined || rest.length > 0) {
  console.error("Say from what and where: npm run figure -- results.json out.svg");
  process.exit(2);
}
build();
const { plotlyToSvg } = await import("../dist/kernel/display/index.js");
const { resultsPicture } = await import("../dist/lib/report/results-picture.js");
const { drawStill } = await import("../dist/lib/report/site/figure.js");

writeFileSync(to, await drawStill(plotlyToSvg, { path: to, ...resultsPicture(JSON.parse(readFileSync(from, "utf8"))), measured: false }));
