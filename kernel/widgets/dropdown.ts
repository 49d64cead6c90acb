import { inspect, isDeepStrictEqual } from "node:util";
import { flag, maybe, named, integer, texts } from "./fields.ts";
import { control, described } from "./kinds.ts";
import type { Described, Options } from "./kinds.ts";
import { DescriptionStyle } from "./styles.ts";

interface DropdownState extends Described {
  optionsLabels: readonly string[];
  /** Which option is chosen, counted from 0; null for none. */
  index: number | null;
  disabled: boolean;
  style: DescriptionStyle;
}

const DropdownModel = control<DropdownState>({
  name: "Dropdown", style: DescriptionStyle,
  fields: { ...described, optionsLabels: named("_options_labels", texts()), index: maybe(integer(0)), disabled: flag() },
  settle: (state) => {
    const { index, optionsLabels } = state as unknown as DropdownState;
    if (index !== null && (index < 0 || index >= optionsLabels.length)) throw new RangeError(`Dropdown: index must be from 0 to ${optionsLabels.length - 1} or null, received ${index}.`);
  },
});

/** What can be chosen: values that are their own labels, or pairs of label and value. */
export type Choices<T> = readonly T[] | readonly (readonly [label: string, value: T])[];

export type DropdownOptions<T> = Omit<Options<DropdownState>, "optionsLabels"> & {
  readonly options: Choices<T>;
  /** What is chosen at first: the first option unless given. */
  readonly value?: T | null;
};

/**
 * One of several options.
 * @example
 * const metric = new Dropdown({ options: ["IoU", "GIoU"], value: "GIoU" });
 * metric.observe("index", () => console.log(metric.value));
 */
export class Dropdown<T = string> extends DropdownModel {
  readonly #values: readonly T[];

  constructor({ options, value, ...rest }: DropdownOptions<T>) {
    const { labels, values } = choices(options);
    const index = value === undefined ? rest.index ?? (values.length > 0 ? 0 : null) : value === null ? null : indexOf(values, value);
    super({ ...rest, optionsLabels: labels, index });
    this.#values = values;
  }

  /** What can be chosen. */
  get options(): readonly T[] {
    return this.#values;
  }

  /** What is chosen, or null. */
  get value(): T | null {
    return this.index === null ? null : this.#values[this.index];
  }

  set value(value: T | null) {
    this.index = value === null ? null : indexOf(this.#values, value);
  }

  /** The words of what is chosen, or null. */
  get label(): string | null {
    return this.index === null ? null : this.optionsLabels[this.index];
  }
}

export type { DropdownState };

function choices<T>(options: Choices<T>): { labels: string[]; values: T[] } {
  if (!Array.isArray(options)) throw new TypeError(`Dropdown: options must be an array of values or of [label, value] pairs, received ${inspect(options, { depth: 0 })}.`);
  const paired = options.length > 0 && options.every((option) => Array.isArray(option) && option.length === 2 && typeof option[0] === "string");
  const pairs = (paired ? options : options.map((value: unknown) => [String(value), value])) as [string, T][];
  return { labels: pairs.map(([label]) => label), values: pairs.map(([, value]) => value) };
}

function indexOf<T>(values: readonly T[], value: T): number {
  const index = values.findIndex((other) => isDeepStrictEqual(other, value));
  if (index < 0) throw new RangeError(`Dropdown: value must be one of ${inspect(values, { maxArrayLength: 20, breakLength: Infinity })}, received ${inspect(value, { depth: 1 })}.`);
  return index;
}
