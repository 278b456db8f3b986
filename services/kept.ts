/** A map of the last so many: what was put in first goes first. */
export class Kept<Value> extends Map<string, Value> {
  readonly #most: number;

  constructor(most: number) {
    super();
    this.#most = most;
  }

  override set(key: string, value: Value): this {
    super.set(key, value);
    if (this.size > this.#most) this.delete(this.keys().next().value ?? key);
    return this;
  }
}
