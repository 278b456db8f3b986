/** A change stream that ends without an error, as when its database is dropped: the driver then answers nothing, at once. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import type { Db } from "mongodb";
import type { Heard } from "../../services/mongo/changes.ts";
import { Stream } from "../../services/mongo/stream.ts";
import { eventually, test } from "../helpers.ts";

const MOST_QUESTIONS = 1_000;

class Ended extends EventEmitter {
  closed = false;
  #asked = 0;

  tryNext(): Promise<null> {
    if (++this.#asked > MOST_QUESTIONS) throw new Error("It is asked for ever");
    this.emit("resumeTokenChanged", {});
    this.closed = this.#asked > 1;
    return Promise.resolve(null);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  get asked(): number {
    return this.#asked;
  }
}

test("a stream that has ended is opened again, and not asked on", async () => {
  const opened: Ended[] = [];
  const watch = () => {
    opened.push(new Ended());
    return opened.at(-1);
  };
  const heard: (Heard | "gap")[] = [];
  await using _ = await Stream.open({ watch } as unknown as Db, (what) => heard.push(what));
  await eventually(() => opened.length > 1 && heard.length > 0);
  assert.equal(heard[0], "gap");
  assert.equal(opened[0]?.asked, 2);
});
