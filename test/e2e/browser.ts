import { existsSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { BrowserContext } from "playwright-core";

const places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

/** The Chromium that tests drive (`POTSTILL_TEST_CHROMIUM`, or where systems put it), or undefined after a loud note. */
export function findChromium(): string | undefined {
  const found = [process.env.POTSTILL_TEST_CHROMIUM, ...places].find((path) => path !== undefined && existsSync(path));
  if (found === undefined) console.warn("SKIPPED: no Chromium (set POTSTILL_TEST_CHROMIUM to its path)");
  return found;
}

/** Starts a headless Chromium with a profile of its own in `folder`. */
export function openBrowser(executablePath: string, folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(join(folder, "profile"), {
    executablePath,
    headless: true,
    // JupyterLab draws only the cells that are in view.
    viewport: { width: 1300, height: 2200 },
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}
