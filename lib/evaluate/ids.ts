/** Finds an id's position in an ascending list of ids, −1 when it is absent. */
export function idFinder(ids: Float64Array): (id: number) => number {
  const positions = new Map<number, number>();
  ids.forEach((id, position) => positions.set(id, position));
  let lastId = NaN;
  let lastPosition = -1;
  return (id) => {
    if (id === lastId) return lastPosition;
    lastId = id;
    lastPosition = positions.get(id) ?? -1;
    return lastPosition;
  };
}

/** The ids ascending, each once. */
export function uniqueAscending(ids: Iterable<number>): Float64Array {
  return Float64Array.from(new Set(ids)).sort();
}
