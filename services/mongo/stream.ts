/** Other processes' writes by a change stream: one a process, reopened whenever it breaks. */
import type { ChangeStream, ChangeStreamDocument, Db, Document } from "mongodb";
import { setTimeout } from "node:timers/promises";
import type { Change } from "../domain.ts";
import { within } from "./bounded.ts";
import type { Ear, Heard } from "./changes.ts";
import { type MessageDoc, toMessage } from "./rows.ts";
import { makeIndexes } from "./schema.ts";

const WAIT_AT_MOST = 1_000;
/** The server answers within `WAIT_AT_MOST`, and the driver gives up before this, where it does. */
const SILENT_AT_MOST = 8_000;
const CLOSED_WITHIN = 1_000;
const BACKOFF = { least: 100, most: 2_000 };
const PIPELINE: Document[] = [
  {
    $match: {
      operationType: { $in: ["insert", "update", "replace"] },
      "ns.coll": { $in: ["agents", "messages", "sessions", "signIns"] },
    },
  },
  // it only wakes: but for messages, what was written is read by whoever is woken
  {
    $project: {
      "fullDocument.words": 0,
      "fullDocument.outbox": 0,
      "updateDescription.updatedFields.outbox": 0,
    },
  },
];

export class Stream implements Ear {
  readonly #db: Db;
  readonly #hear: (heard: Heard | "gap") => void;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #indexing: Promise<void> = Promise.resolve();
  #begun: Begun;

  private constructor(db: Db, hear: (heard: Heard | "gap") => void, begun: Begun) {
    this.#db = db;
    this.#hear = hear;
    this.#begun = begun;
    this.#running = this.#run();
  }

  /** Resolves when it hears; throws where the server has no streams or is away. */
  static async open(db: Db, hear: (heard: Heard | "gap") => void): Promise<Stream> {
    return new Stream(db, hear, await begin(db));
  }

  listen(): void {}

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await closed(this.#begun.stream);
    await this.#running;
    await this.#indexing;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#follow(this.#begun);
      if (signal.aborted) return;
      await this.#reopen();
      // it may have ended because the database was dropped, and its indexes with it
      this.#indexing = this.#indexing.then(() => makeIndexes(this.#db, signal)).catch(() => {});
    }
  }

  /** Until it breaks. */
  async #follow({ stream, first }: Begun): Promise<void> {
    try {
      for (let event = await first;; event = await within(SILENT_AT_MOST, stream.tryNext())) {
        if (event) this.#told(event);
        if (stream.closed || this.#stop.signal.aborted) break; // closed, it answers nothing at once, for ever
      }
    } catch {
      // whatever is missed meanwhile is told as a gap
    }
    await closed(stream);
  }

  async #reopen(): Promise<void> {
    const { signal } = this.#stop;
    for (let pause = BACKOFF.least;; pause = Math.min(pause * 2, BACKOFF.most)) {
      await setTimeout(pause * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const begun = await begin(this.#db).catch(() => undefined);
      if (!begun) continue;
      this.#begun = begun; // disposing closes it from here on; if that was before, following it does
      this.#hear("gap"); // all is heard from now on, so nothing falls between
      return signal.aborted ? await this.#follow(begun) : undefined;
    }
  }

  #told(event: ChangeStreamDocument): void {
    for (const heard of heardIn(event)) this.#hear(heard);
  }
}

interface Begun {
  readonly stream: ChangeStream;
  readonly first: Promise<ChangeStreamDocument | null>;
}

/** The server's first answer has no event yet, but its place in the stream: from there on all is heard. */
async function begin(db: Db): Promise<Begun> {
  const stream = db.watch(PIPELINE, { maxAwaitTimeMS: WAIT_AT_MOST });
  const placed = new Promise((resolve) => stream.once("resumeTokenChanged", resolve));
  const first = stream.tryNext();
  try {
    await within(SILENT_AT_MOST, Promise.race([placed, first]));
    return { stream, first: within(SILENT_AT_MOST, first) };
  } catch (error) {
    await closed(stream);
    throw error;
  }
}

const closed = (stream: ChangeStream): Promise<void> =>
  within(CLOSED_WITHIN, stream.close()).catch(() => {});

function heardIn(event: ChangeStreamDocument): Heard[] {
  if (!("ns" in event) || !("coll" in event.ns) || !("documentKey" in event)) return [];
  const id = String(event.documentKey._id);
  const whole: Document | undefined = "fullDocument" in event ? event.fullDocument : undefined;
  const fields: Document =
    ("updateDescription" in event && event.updateDescription.updatedFields) ||
    {};
  const isNew = event.operationType !== "update";
  switch (event.ns.coll) {
    case "messages":
      return whole && isNew ? [toldOfMessage(whole)] : [];
    case "agents": {
      const by = isNew ? whole?.told?.by : at(fields, "told.by");
      return by === undefined ? [] : [{ by, change: { kind: "agent", agentId: id } }];
    }
    case "signIns": {
      const by = at(fields, "endedBy");
      return by === undefined ? [] : [{ by, change: { kind: "sign_in", signInId: id } }];
    }
    default:
      return toldOfSession(id, fields);
  }
}

/** With the message, but for a row by hand, which may be anything. */
function toldOfMessage({ via, ...doc }: Document): Heard {
  const message = via === undefined ? {} : { message: toMessage(doc as MessageDoc) };
  return { by: via, change: { kind: "message", sessionId: String(doc.sessionId), ...message } };
}

function toldOfSession(id: string, fields: Document): Heard[] {
  const changes: readonly Change[] = [
    { kind: "session", sessionId: id },
    { kind: "queue" },
    { kind: "agent", agentId: String(fields.assignedAgent) },
  ];
  return changes.flatMap((change) => {
    const by = at(fields, `told.${change.kind}.by`);
    return by === undefined ? [] : [{ by, change }];
  });
}

/** The value at a path of an update, which may come as one path or as documents in each other. */
function at(fields: Document, path: string): string | undefined {
  for (const [name, value] of Object.entries(fields)) {
    if (name === path) return value;
    if (!path.startsWith(`${name}.`) || typeof value !== "object" || value === null) continue;
    return at(value, path.slice(name.length + 1));
  }
  return undefined;
}
