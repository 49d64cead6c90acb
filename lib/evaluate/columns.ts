/** A number column that grows as it is filled. */
export class Column {
  length = 0;
  #values = new Float64Array(1024);

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Float64Array(2 * this.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  at(place: number): number {
    return this.#values[place];
  }

  /** The filled part, without a copy. */
  toArray(): Float64Array {
    return this.#values.subarray(0, this.length);
  }
}
