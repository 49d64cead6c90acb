import { it } from "vitest";
import { interruptTraining } from "./interrupt-training.ts";

it("20 interrupts of a training loop at random moments leave tensors, losses and the next step as they should be", async () => {
  await interruptTraining({ interrupts: 20, seed: 1 });
}, 180_000);
