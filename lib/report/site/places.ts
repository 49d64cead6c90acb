import { posix } from "node:path";

/** Where things lie in the site, from its folder. */
export const places = {
  index: "index.html",
  differences: "differences.html",
  trainings: "trainings.html",
  results: "results.json",
  style: "assets/site.css",
  script: "assets/site.js",
  plotly: "assets/plotly.min.js",
  item: (id: string) => `items/${flat(id)}.html`,
  run: (folder: string) => `runs/${flat(folder)}.html`,
  notebook: (id: string) => `notebooks/${flat(id)}.html`,
  figure: (page: string, name: string) => `figures/${flat(page.replace(/\.html$/, ""))}-${name}.svg`,
} as const;

const flat = (path: string) => path.split(/[\\/]+/).filter((part) => part !== "").join("--").replace(/[^\w.-]/g, "_");

/** The address of one file of the site as another one links to it. */
export function linkFrom(page: string, target: string): string {
  const [path, anchor] = target.split("#");
  const relative = posix.relative(posix.dirname(page), path);
  return encodeURI(relative) + (anchor === undefined ? "" : `#${encodeURIComponent(anchor)}`);
}

/** @throws Error when two folders would have one page */
export function requireDistinct(folders: readonly string[]): void {
  const taken = new Map<string, string>();
  for (const folder of folders) {
    const other = taken.get(places.run(folder));
    if (other !== undefined) throw new Error(`the runs ${other} and ${folder} would have the same page ${places.run(folder)}; name one of their experiments otherwise`);
    taken.set(places.run(folder), folder);
  }
}
