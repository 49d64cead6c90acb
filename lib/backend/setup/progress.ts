/** Where the progress of a set-up is shown. */
export interface Reporter {
  /** A line that stays. */
  note(line: string): void;
  /** The state of a step that counts bytes; `total` may be unknown. */
  bytes(label: string, done: number, total: number | undefined): void;
  /** Ends the current bar, if one is shown. */
  end(): void;
}

interface Sink {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const interval = 200;
const quietInterval = 10_000;

/** On a terminal one line that is redrawn; elsewhere (logs) a line at most every ten seconds and at the end. */
export function terminalReporter(sink: Sink = process.stderr, now: () => number = Date.now): Reporter {
  let [label, started, drawn, last] = ["", 0, 0, ""];
  const finish = () => {
    if (label === "") return;
    sink.write(sink.isTTY ? `\r\x1b[K${last}\n` : `${last}\n`);
    label = "";
  };
  return {
    note(line) {
      finish();
      sink.write(`${line}\n`);
    },
    bytes(next, done, total) {
      const time = now();
      if (next !== label) {
        finish();
        [label, started, drawn] = [next, time, sink.isTTY ? 0 : time];
        if (!sink.isTTY) sink.write(`${next} …\n`);
      }
      last = progressLine(next, done, total, (time - started) / 1000);
      if (time - drawn < (sink.isTTY ? interval : quietInterval)) return;
      drawn = time;
      sink.write(sink.isTTY ? `\r\x1b[K${last.slice(0, (sink.columns ?? 80) - 1)}` : `${last}\n`);
    },
    end: finish,
  };
}

/** A reporter that shows nothing. */
export const silentReporter: Reporter = { note: () => undefined, bytes: () => undefined, end: () => undefined };

/** `label  [#####.....]  137.2 of 273.8 MB  50 %  21.3 MB/s`. */
export function progressLine(label: string, done: number, total: number | undefined, seconds: number): string {
  const rate = seconds > 0.5 ? `  ${megabytes(done / seconds)} MB/s` : "";
  if (total === undefined || total <= 0) return `${label}  ${megabytes(done)} MB${rate}`;
  const share = Math.min(1, done / total);
  const bar = "#".repeat(Math.round(share * 20)).padEnd(20, ".");
  return `${label}  [${bar}]  ${total < 1e5 ? `${kilobytes(Math.min(done, total))} of ${kilobytes(total)} kB` : `${megabytes(Math.min(done, total))} of ${megabytes(total)} MB`}  ${Math.floor(share * 100)} %${rate}`;
}

function kilobytes(bytes: number): string {
  return (bytes / 1e3).toFixed(1);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
