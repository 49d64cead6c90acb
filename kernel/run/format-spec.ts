import { Float, ParameterError } from "../notebook/index.ts";
import { Moment, pythonText } from "./python-text.ts";

const specification = /^(?:(.)?([<>=^]))?([+\- ])?(#)?(0)?(\d+)?([,_])?(?:\.(\d+))?([bcdeEfFgGnosxX%])?$/su;

const two = (value: number): string => String(value).padStart(2, "0");

/** The directives of `strftime` that make sense in a file name. */
function strftime(moment: Moment, format: string): string {
  const at = moment.fields;
  const day = Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
  const directives: Record<string, string> = {
    Y: String(at.getUTCFullYear()), y: two(at.getUTCFullYear() % 100), m: two(at.getUTCMonth() + 1), d: two(at.getUTCDate()),
    H: two(at.getUTCHours()), M: two(at.getUTCMinutes()), S: two(at.getUTCSeconds()), f: `${String(at.getUTCMilliseconds()).padStart(3, "0")}000`,
    j: String(day).padStart(3, "0"), z: moment.offset.replace(":", ""), "%": "%",
  };
  return format.replace(/%(.)/gs, (whole, directive: string) => directives[directive] ?? whole);
}

function exponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

function general(value: number, precision: number): string {
  const digits = Math.max(1, precision);
  const power = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(Number(value.toPrecision(digits)))));
  const text = power < -4 || power >= digits ? exponent(value.toExponential(digits - 1)) : value.toFixed(Math.max(0, digits - 1 - power));
  return text.includes(".") ? text.replace(/\.?0+(?=e|$)/, "") : text;
}

const bases: Record<string, [number, string]> = { b: [2, "0b"], o: [8, "0o"], x: [16, "0x"], X: [16, "0X"] };

function magnitude(value: number | bigint, type: string, precision: number | undefined, alternate: boolean): string {
  const base = bases[type] as [number, string] | undefined;
  if (base !== undefined) return (alternate ? base[1] : "") + value.toString(base[0]);
  const number = Number(value);
  if (type === "e" || type === "E") return exponent(number.toExponential(precision ?? 6));
  if (type === "f" || type === "F") return number.toFixed(precision ?? 6);
  if (type === "%") return `${(number * 100).toFixed(precision ?? 6)}%`;
  if (type === "g" || type === "G" || type === "n" || precision !== undefined) return general(number, precision ?? 6);
  return String(value);
}

function group(text: string, separator: string | undefined): string {
  return separator === undefined ? text : text.replace(/^\d+/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, separator));
}

function pad(text: string, sign: string, options: { fill: string; align: string; width: number }): string {
  const { fill, align, width } = options;
  const missing = Math.max(0, width - Array.from(sign + text).length);
  if (align === "=") return sign + fill.repeat(missing) + text;
  const left = align === ">" ? missing : align === "^" ? Math.floor(missing / 2) : 0;
  return fill.repeat(left) + sign + text + fill.repeat(missing - left);
}

/** Python's `format(value, spec)` for text, numbers and moments. Throws a ParameterError for a specification Python refuses. */
export function formatValue(value: unknown, spec: string): string {
  if (spec === "") return pythonText(value);
  if (value instanceof Moment) return strftime(value, spec);
  const parts = specification.exec(spec);
  const plain = value instanceof Float ? value.value : typeof value === "boolean" ? Number(value) : value;
  const numeric = typeof plain === "number" || typeof plain === "bigint";
  const [, fill, align, signMode, alternate, zero, width, separator, precision, type] = parts ?? [];
  const allowed = numeric ? type !== "s" : typeof plain === "string" && (type === undefined || type === "s");
  if (parts === null || !allowed) throw new ParameterError(`The format ${JSON.stringify(spec)} does not fit ${pythonText(value, true)} in a path.`);
  const digits = precision === undefined ? undefined : Number(precision);
  const layout = { fill: fill ?? (zero ? "0" : " "), align: align ?? (zero && numeric ? "=" : numeric ? ">" : "<"), width: Number(width ?? 0) };
  if (!numeric) return pad(Array.from(plain as string).slice(0, digits).join(""), "", layout);
  const negative = plain < 0 || Object.is(plain, -0);
  const sign = negative ? "-" : signMode === "+" || signMode === " " ? signMode : "";
  const absolute = negative ? -plain : plain;
  const text = type === undefined && digits === undefined && value instanceof Float ? pythonText(new Float(absolute as number)) : magnitude(absolute, type ?? "", digits, alternate !== undefined);
  return pad(group(type === "E" || type === "G" || type === "X" ? text.toUpperCase() : text, separator), sign, layout);
}
