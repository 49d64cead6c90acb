import { describePatches } from "./patches.suite.ts";

describePatches("cpu");
