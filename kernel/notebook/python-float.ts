import { Float } from "./float.ts";

/** `repr` of a Python float: exponents below −4 and from 16 on are written with `e` and two digits, whole numbers end in `.0`. */
export function pythonFloat(value: number | Float): string {
  const number = value instanceof Float ? value.value : value;
  if (Number.isNaN(number)) return "nan";
  if (!Number.isFinite(number)) return number < 0 ? "-inf" : "inf";
  if (number === 0) return Object.is(number, -0) ? "-0.0" : "0.0";
  const [mantissa, power] = number.toExponential().split("e") as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= 16) {
    const sign = exponent < 0 ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  const fixed = exponent < 0 ? number.toFixed(Math.max(0, mantissa.replace(/[-.]/g, "").length - 1 - exponent)) : String(number);
  return fixed.includes(".") ? fixed : `${fixed}.0`;
}
