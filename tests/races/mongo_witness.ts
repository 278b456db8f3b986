/**
 * What a MongoDB ever said of sessions and agents: each document put together from what a change stream says of each
 * write. (A stream's own images would do, but the server that stands for a MongoDB here shows later ones.)
 */
import assert from "node:assert/strict";
import { type ChangeStreamDocument, type Document, MongoClient } from "mongodb";
import type { Data } from "../databases.ts";
import { eventually } from "../helpers.ts";
import { historiesOf, type Row } from "./histories.ts";
import type { Witness } from "./witness.ts";

const WATCHED = ["agents", "sessions"];

export async function mongoWitness({ env }: Data): Promise<Witness> {
  const client = new MongoClient(String(env.MONGO_URI));
  const db = client.db();
  const seen = new Seen();
  const stream = db.watch([{ $match: { "ns.coll": { $in: [...WATCHED, "marks"] } } }]);
  const placed = new Promise((resolve) => stream.once("resumeTokenChanged", resolve));
  const first = stream.tryNext();
  await placed;
  const reading = (async () => {
    for (let event = await first; !stream.closed; event = await stream.tryNext()) {
      if (event) seen.take(event);
    }
  })().catch((error) => {
    if (!stream.closed) seen.wrong.push(String(error));
  });
  /** All that was written before this call. */
  const caughtUp = async () => {
    const { insertedId } = await db.collection("marks").insertOne({});
    await eventually(() => seen.last === String(insertedId), {
      within: 20_000,
      what: "hearing all",
    });
  };
  return {
    async histories() {
      await caughtUp();
      return historiesOf(seen.rows);
    },
    async miscounted(when) {
      if (!when?.ended) return seen.wrong;
      await caughtUp();
      return [...seen.wrong, ...seen.idle()];
    },
    async [Symbol.asyncDispose]() {
      await stream.close();
      await client.close();
      await reading;
    },
  };
}

/** What was written, in its order. */
class Seen {
  readonly rows: Row[] = [];
  readonly wrong: string[] = [];
  /** The last mark. */
  last = "";
  readonly #agents = new Map<string, Document>();
  readonly #sessions = new Map<string, Document>();

  take(event: ChangeStreamDocument): void {
    if (!("ns" in event) || !("coll" in event.ns) || !("documentKey" in event)) return;
    const id = String(event.documentKey._id);
    const { coll } = event.ns;
    if (coll === "marks") this.last = id;
    else if (coll === "agents") this.#checkAgent(written(this.#agents, id, event));
    else {
      const doc = written(this.#sessions, id, event);
      this.rows.push(rowOf(id, doc));
      this.#checkSession(id, doc);
    }
  }

  /** Places of which no session knows. */
  idle(): string[] {
    const idle: string[] = [];
    for (const { name, carried } of this.#agents.values()) {
      for (const { session, epoch } of carried) {
        const holder = this.#sessions.get(session);
        const has = holder?.status === "open" && holder.placeEpoch === epoch;
        if (!has) idle.push(`${name} holds a place for ${session}`);
      }
    }
    return idle;
  }

  #checkAgent({ name, status, carried, carrying, capacity }: Document): void {
    const isFull = carrying >= capacity;
    if (carrying !== carried.length || isFull && status === "available") {
      this.wrong.push(`${name}: ${carrying} of ${capacity}, ${status}`);
    }
  }

  /** A place is taken before its session comes, and given back after it left. */
  #checkSession(id: string, { status, mode, assignedAgent, placeEpoch }: Document): void {
    if (status !== "open" || mode !== "human") return;
    const agent = this.#agents.get(assignedAgent);
    const has = agent?.carried.some((place: Document) =>
      place.session === id && place.epoch === placeEpoch
    );
    if (!has) this.wrong.push(`${id} is with ${agent?.name}, and has no place there`);
  }
}

const rowOf = (id: string, doc: Document): Row => ({
  id,
  mode: doc.mode,
  status: doc.status,
  assignedAgent: doc.assignedAgent ?? null,
  agentName: doc.agentName ?? null,
  waitingSince: doc.waitingSince?.getTime() ?? null,
  closedAt: doc.closedAt?.getTime() ?? null,
  rating: doc.rating ?? null,
});

/** The document as the write left it, and as it is kept. */
function written(docs: Map<string, Document>, id: string, event: ChangeStreamDocument): Document {
  const whole = "fullDocument" in event ? event.fullDocument : undefined;
  const doc = whole ?? docs.get(id);
  assert.ok(doc, `the beginning of ${id} was not seen`);
  docs.set(id, doc);
  if (event.operationType !== "update") return doc;
  const { updatedFields = {}, removedFields = [], truncatedArrays = [] } = event.updateDescription;
  for (const { field, newSize } of truncatedArrays) {
    at(doc, field, (holder, name) => holder[name].length = newSize);
  }
  for (const [path, value] of Object.entries(updatedFields)) {
    at(doc, path, (holder, name) => holder[name] = value);
  }
  for (const path of removedFields) at(doc, path, (holder, name) => delete holder[name]);
  return doc;
}

/** Where a path ends, in whichever document or array that is. */
function at(doc: Document, path: string, work: (holder: Document, name: string) => void): void {
  const names = path.split(".");
  const last = names.pop() ?? path;
  work(names.reduce((holder, name) => holder[name], doc), last);
}
