/** The shapes of questions, and how a server means to answer them. */
import { type Db, type Document, ObjectId } from "mongodb";

const FILTERS: Readonly<Record<string, (command: Document) => Document>> = {
  find: ({ filter, sort, hint }) => ({ filter, ...sort && { sort }, ...hint && { hint } }),
  aggregate: ({ pipeline, hint }) => ({ filter: pipeline[0].$match, ...hint && { hint } }),
  findAndModify: ({ query, sort }) => ({ filter: query, ...sort && { sort } }),
  update: ({ updates }) => ({ filter: updates[0].q }),
  delete: ({ deletes }) => ({ filter: deletes[0].q }),
};

export function shapeOf(name: string, command: Document): string | undefined {
  const question = FILTERS[name]?.(command);
  if (!question?.filter) return undefined; // a change stream, say
  const conditions = Object.entries<unknown>(question.filter).map(([field, value]) => {
    const isPlain = typeof value !== "object" || value instanceof Date || value instanceof ObjectId;
    return isPlain || value === null ? field : `${field} ${Object.keys(value)}`;
  });
  return `${name} ${command[name]} {${conditions}} ${JSON.stringify(question.sort ?? "")}`;
}

/** The plan of a question; of an `_id` with more conditions only that, where the server explains no more. */
export async function explained(db: Db, command: Document, whole: boolean): Promise<Document> {
  const [name = ""] = Object.keys(command);
  const { filter, ...rest } = FILTERS[name]!(command);
  const isPoint = filter._id instanceof ObjectId || typeof filter._id === "string";
  const asked = isPoint && !whole ? { _id: filter._id } : filter;
  const explain = { find: command[name], filter: asked, ...rest };
  const { queryPlanner } = await db.command({ explain, verbosity: "queryPlanner" });
  return queryPlanner.winningPlan;
}

export async function explainsPoints(db: Db): Promise<boolean> {
  await db.collection("points").insertOne({ rev: 1 });
  const command = { find: "points", filter: { _id: new ObjectId(), rev: 1 } };
  return !JSON.stringify(await explained(db, command, true)).includes("COLLSCAN");
}
