import { plan } from "../lib/data/transforms.ts";
import type { Dataset } from "../lib/data/dataset.ts";
import type { Experiment } from "../lib/papers/experiment.ts";
import type { Step } from "../lib/train/step.ts";

export interface TrainingLogOptions {
  /** Iterations between two lines. */
  readonly every: number;
  readonly write: (line: string) => void;
}

/** Tells a person how a training goes. */
export interface TrainingLog {
  /** Before the first iteration that is trained now. */
  start(iteration: number): void;
  step(step: Step): void;
}

/** Lines before and after the first iteration, and every so many; what a folder has from an earlier sitting is not told again. */
export function trainingLog({ data: { batchSize, transforms }, training: { iterations } }: Experiment, dataset: Dataset, { every, write }: TrainingLogOptions): TrainingLog {
  let [first, seconds] = [Infinity, 0];
  return {
    start(iteration) {
      first = iteration;
      if (iteration >= iterations) return;
      const { width, height } = plan(dataset.images[0], transforms);
      write(`iteration ${iteration + 1} of ${iterations} runs: ${batchSize} images, as ${width} × ${height} pixels; Ctrl-C stops, and the same command goes on`);
    },
    step(step) {
      if (step.iteration < first) return;
      seconds += step.seconds;
      const done = step.iteration + 1;
      if (step.iteration !== first && done % every !== 0 && done !== iterations) return;
      const left = (seconds / (done - first)) * (iterations - done);
      write(`${stepLine(step)}${done < iterations ? `  ${duration(left)} left` : ""}`);
    },
  };
}

function stepLine({ iteration, iterations, total, weighted, learningRates, imagesPerSecond }: Step): string {
  const terms = Object.entries(weighted).map(([name, value]) => `${name} ${value.toPrecision(3)}`).join(", ");
  return `${iteration + 1}/${iterations}  loss ${total.toPrecision(4)} (${terms})  rate ${Math.max(...Object.values(learningRates)).toPrecision(3)}  ${rate(imagesPerSecond)} images/s`;
}

/** Two digits at least, and never an exponent. */
function rate(value: number): string {
  return value >= 10 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}

/** `40 s`, `12 min`, `3 h 5 min`, `2 days 4 h`. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days ${hours % 24} h`;
}
