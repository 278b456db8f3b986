/** Questions that are given up after a while: the driver waits for ever to write on a connection that has just died. */
import type { Collection, Document } from "mongodb";

/** Nothing was heard of a question. */
export class GivenUp extends Error {
  static {
    // the driver copies all that it can list of an error into one of its own, which bears no name of another
    Object.defineProperty(this.prototype, "name", { value: "GivenUp" });
  }

  constructor() {
    super("There was no answer");
  }
}

/** Aborts after so many milliseconds, unless disposed before. */
export function deadline(ms: number): Disposable & { readonly signal: AbortSignal } {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new GivenUp()), ms);
  return { signal: controller.signal, [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Waits for it no longer than so many milliseconds. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  using limit = deadline(ms);
  const { promise: over, reject } = Promise.withResolvers<never>();
  limit.signal.addEventListener("abort", () => reject(limit.signal.reason), { once: true });
  return await Promise.race([work, over]);
}

/** Where a question's options stand. The driver heeds a signal in each of them, though its types don't tell. */
const OPTIONS_AT: Readonly<Record<string, number>> = {
  aggregate: 1,
  bulkWrite: 1,
  countDocuments: 1,
  createIndexes: 1,
  deleteMany: 1,
  find: 1,
  findOne: 1,
  findOneAndUpdate: 2,
  insertMany: 1,
  insertOne: 1,
  updateMany: 2,
  updateOne: 2,
};

/** The same collection, but all that is asked of it ends when `signal` aborts. */
export const bounded = <T extends Document>(
  collection: Collection<T>,
  signal: AbortSignal,
): Collection<T> =>
  new Proxy(collection, {
    get(_, name) {
      const at = OPTIONS_AT[String(name)];
      if (at === undefined) throw new Error(`${String(name)} is not known to take a signal`);
      return (...args: unknown[]) => {
        args[at] = { ...args[at] ?? {}, signal };
        return Reflect.apply(Reflect.get(collection, name), collection, args);
      };
    },
  });
