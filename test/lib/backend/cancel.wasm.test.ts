import { describeCancelPoints } from "./cancel.suite.ts";

describeCancelPoints("wasm");
