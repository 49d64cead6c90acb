import { randomUUID } from "node:crypto";
import { Float, ParameterError } from "../notebook/index.ts";
import { formatValue } from "./format-spec.ts";
import { Moment, pythonText } from "./python-text.ts";

/** What papermill adds for paths: `{pm[run_uuid]}`, `{pm[current_datetime_local]}`, `{pm[current_datetime_utc]}`. */
export function builtinValues(time = new Date()): Record<string, unknown> {
  const local = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return { pm: { run_uuid: randomUUID(), current_datetime_local: new Moment(local, ""), current_datetime_utc: new Moment(time, "+00:00") } };
}

function lookUp(field: string, values: Readonly<Record<string, unknown>>, template: string): unknown {
  const [, name, path] = /^([^[.]*)(.*)$/s.exec(field)!;
  if (!Object.hasOwn(values, name)) throw new ParameterError(`The path ${JSON.stringify(template)} asks for the parameter {${name}}, which is not given. Given: ${Object.keys(values).join(", ")}. (Write {{ and }} for braces.)`);
  return [...path.matchAll(/\[([^\]]*)\]|\.(\w+)/g)].reduce<unknown>((value, [step, key]) => {
    const inner = key !== undefined && typeof value === "object" && value !== null && !(value instanceof Float || value instanceof Moment) ? (value as Record<string, unknown>)[key] : undefined;
    if (inner === undefined) throw new ParameterError(`The path ${JSON.stringify(template)}: ${name} has no ${step}.`);
    return inner;
  }, values[name]);
}

/**
 * Fills a path that is a Python format string: `{lr}`, `{lr:.2f}`, `{pm[run_uuid]}`, `{{` and `}}` for braces.
 * Throws a ParameterError for an unknown name or a malformed field.
 */
export function fillPath(template: string, values: Readonly<Record<string, unknown>>): string {
  return template.replace(/\{\{|\}\}|\{([^{}!:]*)(?:!([rsa]))?(?::([^{}]*))?\}|[{}]/g, (whole, field: string | undefined, conversion: string | undefined, spec: string | undefined) => {
    if (whole === "{{" || whole === "}}") return whole.slice(1);
    if (field === undefined) throw new ParameterError(`The path ${JSON.stringify(template)} has a single ${whole}. Write ${whole}${whole} for the character itself.`);
    const value = lookUp(field, values, template);
    return formatValue(conversion === undefined ? value : pythonText(value, conversion !== "s"), spec ?? "");
  });
}
