import type { ByteWindow } from "./byte-window.ts";
import { scaled } from "./decimal.ts";

const [MINUS, PLUS, POINT, ZERO, NINE, LOWER_E] = [0x2d, 0x2b, 0x2e, 0x30, 0x39, 0x65];
/** A window with this many bytes ahead holds nearly every number whole. */
const USUAL_LENGTH = 64;

/** Reads the digits, point and exponent of a JSON number, correctly rounded; NaN when there is no such number. */
export function readMagnitude(window: ByteWindow): number {
  window.kept = window.position;
  if (window.end - window.position < USUAL_LENGTH) window.refill();
  let value = scan(window);
  while (window.position === window.end && window.refill()) {
    // The number ran into the window's end: once more, with more of the file.
    window.position = window.kept;
    value = scan(window);
  }
  window.kept = -1;
  return value;
}

function scan(window: ByteWindow): number {
  const { bytes, position: start } = window;
  let position = start;
  let high = 0;
  let low = 0;
  let digits = 0;
  let point = -1;
  for (; ; position++) {
    const byte = bytes[position];
    if (byte < ZERO || byte > NINE) {
      if (byte !== POINT || point >= 0) break;
      point = position;
      continue;
    }
    if (digits > 0 || byte !== ZERO) digits++;
    if (digits <= 15) high = high * 10 + (byte - ZERO);
    else if (digits <= 22) low = low * 10 + (byte - ZERO);
  }
  window.position = position;
  const whole = (point < 0 ? position : point) - start;
  const fraction = point < 0 ? 0 : position - point - 1;
  if (whole === 0 || (point >= 0 && fraction === 0) || (bytes[start] === ZERO && whole > 1)) return NaN;
  const exponent = (bytes[position] | 0x20) === LOWER_E ? scanExponent(window) : 0;
  const value = digits <= 22 ? scaled(high, low, digits > 15 ? digits - 15 : 0, fraction - exponent) : NaN;
  return Number.isNaN(value) && !Number.isNaN(exponent) ? Number(window.text(start, window.position)) : value;
}

function scanExponent(window: ByteWindow): number {
  const { bytes } = window;
  let position = window.position + 1;
  const negative = bytes[position] === MINUS;
  if (negative || bytes[position] === PLUS) position++;
  const start = position;
  let exponent = 0;
  for (; bytes[position] >= ZERO && bytes[position] <= NINE; position++) exponent = Math.min(99_999, exponent * 10 + (bytes[position] - ZERO));
  window.position = position;
  if (position === start) return NaN;
  return negative ? -exponent : exponent;
}
