/** The database goes away under the whole app, in each way that it can, and comes back: nobody loses or repeats anything. */
import assert from "node:assert/strict";
import { print } from "../crowd.ts";
import { named } from "../databases.ts";
import { pause, test } from "../helpers.ts";
import { freshName, type Kind, kindsOfServer, type Server, startServer } from "../mongod.ts";
import { Cable } from "./cable.ts";
import { Company } from "./company.ts";
import { assertSilent, Locked } from "./locked.ts";

/** All is well again so soon after the database is back, in milliseconds: SPEC section 6. */
const WELL_WITHIN = 5_000;
/** A process gives up a question by then, and says that it isn't ready. */
const AWAY_WITHIN = 8_000;
const LASTS = 20_000;
const CUTS = 8;
const CUT_EVERY = 1_500;
const SLOW = 500;

const kinds = (await kindsOfServer()).filter((kind) => kind !== "given");

for (const kind of kinds) {
  test(`mongo, ${kind}: killed, held, severed, cut or slow, it costs nobody a message, nor a second one`, async () => {
    await using server = await startServer(kind);
    // what the driver does is the same on both, so each of these is on one
    const own = kind === "replica set"
      ? [behindCable("severed"), behindCable("held and forgotten")]
      : [slow];
    const all = [behindCable("held"), cut, ...own];
    await every([killed(kind), ...all.map((scenario) => scenario(server))]);
  });
}

interface Outage {
  readonly leave: () => unknown;
  readonly comeBack: () => unknown;
  readonly lasts?: number;
}

/** The database leaves and comes back while everybody talks. */
async function outlives(
  company: Company,
  what: string,
  { leave, comeBack, lasts = LASTS }: Outage,
): Promise<void> {
  await company.hasTalked(3, 10_000);
  await leave();
  const left = Date.now();
  await Promise.all(company.health.map((health) => health.becomes(503, AWAY_WITHIN)));
  const away = company.health.map((health) => health.stays(503));
  await pause(Math.max(0, left + lasts - Date.now()));
  for (const each of away) each[Symbol.dispose]();
  await comeBack();
  const back = Date.now();
  await Promise.all([
    company.isUpToDate(WELL_WITHIN),
    ...company.health.map((health) => health.becomes(200, WELL_WITHIN)),
  ]);
  print(`${what}: all is well after ${Date.now() - back} ms`);
  await company.hasTalked(3, 5_000);
}

/** Nothing is lost or doubled, and each outage was told of once. */
async function ends(company: Company, what: string, outages: number): Promise<void> {
  const acknowledged = await company.check(what);
  for (const { told } of company.health) assert.deepEqual(told, [outages, outages], what);
  print(`${what}: ${acknowledged} messages, none lost, none twice`);
}

async function killed(kind: Kind): Promise<void> {
  const what = `${kind}, kill -9`;
  await using server = await Locked.open(kind);
  const uri = server.uri("desk");
  await using company = await Company.open({ uri, direct: uri });
  const [leave, comeBack] = [() => server.stop(), () => server.start()];
  await outlives(company, what, { leave, comeBack, lasts: 500 });
  await outlives(company, what, { leave, comeBack });
  await ends(company, what, 2);
  for (const { log } of company.health) assertSilent("the log", log);
}

/** What a cable does to the database behind it. */
const BY_CABLE = {
  /** Silence for a while, as by a machine that stood still: then what was sent meanwhile arrives. */
  held: (cable: Cable) => ({ leave: () => cable.hold(), comeBack: () => cable.mend() }),
  /** The same, but only new connections get through in the end, as by a router that was started anew. */
  "held and forgotten": (cable: Cable) => ({
    leave: () => cable.hold(),
    comeBack: () => cable.mend({ deaf: true }),
  }),
  severed: (cable: Cable) => ({ leave: () => cable.sever(), comeBack: () => cable.mend() }),
} as const satisfies Record<string, (cable: Cable) => Outage>;

function behindCable(how: keyof typeof BY_CABLE) {
  return async (server: Server): Promise<void> => {
    const what = `${server.kind}, ${how}`;
    await using through = new Through(server);
    await using company = await Company.open(through);
    await outlives(company, what, BY_CABLE[how](through.cable));
    await ends(company, what, 1);
  };
}

/** All connections end, again and again, and new ones are fine. */
async function cut(server: Server): Promise<void> {
  const what = `${server.kind}, cut`;
  await using through = new Through(server);
  await using company = await Company.open(through);
  const { cable } = through;
  for (let times = 0; times < CUTS; times++) {
    await pause(CUT_EVERY);
    cable.cut();
  }
  await company.isUpToDate(WELL_WITHIN);
  const acknowledged = await company.check(what);
  print(`${what}: ${cable.cuts} connections cut; ${acknowledged} messages, none lost, none twice`);
}

/** From the start, each piece of what is asked and answered; they talk as people do. */
async function slow(server: Server): Promise<void> {
  const what = `${server.kind}, slow`;
  await using through = new Through(server);
  through.cable.delay = SLOW;
  await using company = await Company.open(through, { every: 6_000, ahead: 1 });
  const from = Date.now();
  await company.hasTalked(1, 60_000);
  print(`${what}: one to each after ${Date.now() - from} ms`);
  await company.isUpToDate(20_000);
  through.cable.delay = 0;
  await ends(company, what, 0);
}

/** A database of its own behind a cable. */
class Through implements AsyncDisposable {
  readonly cable: Cable;
  readonly uri: string;
  readonly direct: string;

  constructor({ uri }: Server) {
    this.direct = named(uri, freshName());
    this.cable = new Cable(this.direct);
    this.uri = this.cable.uri;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cable[Symbol.asyncDispose]();
  }
}

/** All of them to their end, whatever becomes of the others. */
async function every(scenarios: readonly Promise<void>[]): Promise<void> {
  const ends = await Promise.allSettled(scenarios);
  const failures = ends.flatMap((end) => end.status === "rejected" ? [end.reason] : []);
  if (failures.length > 0) throw new AggregateError(failures, "Not all went well");
}
