import { describePatches } from "./patches.suite.ts";

describePatches("wasm");
