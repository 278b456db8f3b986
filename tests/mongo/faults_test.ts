/** What the driver lets through as it is, when a socket ends under it: no bug of ours, but a database that is away. */
import assert from "node:assert/strict";
import { MongoServerError } from "mongodb";
import { GivenUp } from "../../services/mongo/bounded.ts";
import { isAway, isLost } from "../../services/mongo/faults.ts";
import { test } from "../helpers.ts";

/** As by `MongoBulkWriteError`, which copies what it can list of the error that it tells of. */
const wrapped = (error: Error) => new MongoServerError(error as never);

test("mongo: what a socket says that ends is an answer that was lost, alone or in the driver's own error", () => {
  for (const code of ["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED"]) {
    const error = Object.assign(new Error("This socket has been ended by the other party"), {
      code,
    });
    for (const each of [error, wrapped(error)]) assert.ok(isLost(each) && isAway(each), code);
  }
});

test("mongo: what was given up can be told in the driver's own error", () => {
  assert.match(wrapped(new GivenUp()).message, /no answer/);
});

test("mongo: a bug of ours is none of the database's", () => {
  const bug = Object.assign(new TypeError("Not a function"), { code: "ERR_INVALID_ARG_TYPE" });
  for (const each of [bug, new Error("Oh")]) assert.ok(!isAway(each) && !isLost(each));
});
