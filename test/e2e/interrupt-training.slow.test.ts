import { it } from "vitest";
import { interruptTraining } from "./interrupt-training.ts";

it("200 interrupts of a training loop at random moments leave tensors, losses and the next step as they should be", async () => {
  await interruptTraining({ interrupts: 200, seed: 2 });
}, 600_000);
