export { codeIdentity } from "./code.ts";
export type { CheckedOutCode, CodeIdentity, PackagedCode, UntrackedFile } from "./code.ts";
export { crateText as runCrateText, processRunVersion, roCrateVersion } from "./crate.ts";
export { findLeaks, thisMachine, withoutLeaks } from "./leaks.ts";
export type { Leak, Machine } from "./leaks.ts";
export { named, peopleOf } from "./people.ts";
export type { Named, People } from "./people.ts";
export { beginRecord, loadedCode, recorder, recordRun } from "./record.ts";
export type { RecordOptions } from "./record.ts";
