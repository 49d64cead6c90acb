#!/usr/bin/env node
// Launcher: brings the compiled sources up to date (in a source checkout) and hands over to the command line.
import { build } from "./build.mjs";

try {
  build();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const { main } = await import("../dist/cli/main.js");
await main(process.argv.slice(2));
