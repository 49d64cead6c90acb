/** How many sizes of images are remembered: jittered ones have hundreds, of megabytes each. */
const most = 8;

/** What `make` gives for a key, remembered for the keys asked for last. */
export function recently<T>(): (key: string, make: () => T) => T {
  const known = new Map<string, T>();
  return (key, make) => {
    const value = known.get(key) ?? make();
    known.delete(key);
    known.set(key, value);
    if (known.size > most) known.delete(known.keys().next().value!);
    return value;
  };
}
