/** How much of a value is shown as text: array items, object keys, nesting, values in all, characters, lines of source. */
export const most = { items: 100, keys: 200, depth: 4, nodes: 20_000, string: 10_000, text: 200_000, sourceLines: 40 } as const;
