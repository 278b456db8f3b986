/** Two processes over one database, and customers and agents who talk through both whatever happens to it. */
import assert from "node:assert/strict";
import { openMongo } from "../../services/mongo/open.ts";
import { guests, hire, range, type Someone, started, times } from "../crowd.ts";
import { messagesIn } from "../databases.ts";
import { eventually, type Listener, pause } from "../helpers.ts";
import { startTwo, type Two } from "../process.ts";
import { assertStored, Talker } from "../talker.ts";
import { Health } from "./health.ts";

const PAIRS = 2;
/** How they talk: so often, but no more while so much of what one said is not acknowledged. */
const BUSY: Pace = { every: 250, ahead: 10 };
const KNOCKS_EVERY = 100;

/** How the processes reach their database, and how the test does, past whatever happens on that way. */
export interface Ways {
  readonly uri: string;
  readonly direct: string;
}

export interface Pace {
  readonly every: number;
  readonly ahead: number;
}

interface Pair {
  readonly customer: Talker;
  readonly agent: Talker;
  readonly page: Page;
}

export class Company implements AsyncDisposable {
  readonly health: readonly Health[];
  readonly #ways: Ways;
  readonly #two: Two;
  readonly #pairs: readonly Pair[];
  readonly #work: readonly Promise<void>[];
  #isOpen = true;
  #isTalking = true;

  private constructor(
    { ways, two, pairs, pace }: { ways: Ways; two: Two; pairs: readonly Pair[]; pace: Pace },
  ) {
    this.#ways = ways;
    this.#two = two;
    this.#pairs = pairs;
    this.health = two.servers.map((server) => new Health(server));
    // of each pair one is here and the other there, as are a customer's two connections
    const connecting = pairs.flatMap(({ customer, agent, page }, index) => {
      const [here, there] = index % 2 ? two.urls : two.urls.toReversed() as [string, string];
      return [
        () => customer.connect(here),
        () => agent.connect(there),
        () => page.connect(there),
      ];
    });
    this.#work = [
      ...connecting.map((connect) => this.#again(KNOCKS_EVERY, connect)),
      ...this.#talkers.map((talker) => this.#again(pace.every, () => this.#talk(talker, pace))),
      ...this.health.map((health) => this.#again(KNOCKS_EVERY, () => health.askAlive())),
      ...this.health.map((health) => this.#again(KNOCKS_EVERY, () => health.askReady())),
    ];
  }

  static async open(ways: Ways, pace = BUSY): Promise<Company> {
    const two = await startTwo({ MONGO_URI: ways.uri });
    await using store = openMongo(ways.direct);
    const staff = await times(PAIRS, (index) => hire(store, `Agent ${index}`));
    const customers = await guests(two.urls, PAIRS);
    const pairs = await Promise.all(customers.map(async (who) => {
      const { sessionId, assignedAgent } = await started(who, two.urls[0]);
      const agent = staff.find(({ id }) => id === assignedAgent);
      assert.ok(agent);
      return {
        customer: patient(new Talker(who, sessionId, who.name)),
        agent: patient(new Talker(agent, sessionId, agent.name)),
        page: new Page(who, sessionId),
      };
    }));
    return new Company({ ways, two, pairs, pace });
  }

  /** Until each of them was acknowledged so many more. */
  async hasTalked(count: number, within: number): Promise<void> {
    const before = this.#talkers.map(({ acked }) => acked.size);
    await eventually(
      () => this.#talkers.every(({ acked }, index) => acked.size >= before[index]! + count),
      { within, what: `${count} more acknowledged to each` },
    );
  }

  /** Of what was said up to now all is acknowledged and has come to everybody within so many milliseconds. */
  async isUpToDate(within: number): Promise<void> {
    this.#isTalking = false;
    const end = Date.now() + within;
    await eventually(() => this.#talkers.every(({ unacked }) => unacked === 0), {
      within,
      what: "the last acknowledgement",
    });
    const rows = await messagesIn(this.#ways.direct);
    const lengths = Map.groupBy(rows, ({ sessionId }) => sessionId);
    await eventually(
      () =>
        [...this.#talkers, ...this.#pages].every(({ contiguous, sessionId }) =>
          contiguous >= lengths.get(sessionId)!.length
        ),
      { within: Math.max(1, end - Date.now()), what: "the last message" },
    );
    this.#isTalking = true;
  }

  /** Ends it, and looks at the database and at what everybody has heard; returns how many messages there are. */
  async check(what: string): Promise<number> {
    await this.isUpToDate(5_000);
    await this.#hangUp();
    const rows = await messagesIn(this.#ways.direct);
    const acknowledged = assertStored(rows, this.#talkers, what);
    for (const { customer, agent, page } of this.#pairs) {
      const log = await customer.who.log(this.#two.urls[0], customer.sessionId);
      for (const talker of [customer, agent]) {
        talker.checkAgainst(log);
        await this.#repeats(talker);
      }
      assert.deepEqual(page.seqs, range(1, log.length), `${what}: a page`);
    }
    assert.deepEqual(await messagesIn(this.#ways.direct), rows, `${what}: a repeat is no message`);
    for (const health of this.health) health.check();
    return acknowledged;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#hangUp();
    await this.#two[Symbol.asyncDispose]();
  }

  get #talkers(): readonly Talker[] {
    return this.#pairs.flatMap(({ customer, agent }) => [customer, agent]);
  }

  get #pages(): readonly Page[] {
    return this.#pairs.map(({ page }) => page);
  }

  /** Those that were acknowledged last, said again, are the first ones. */
  async #repeats({ who, sessionId, acked }: Talker): Promise<void> {
    for (const [clientId, { text, id, seq }] of [...acked].slice(-5)) {
      const { status, body } = await who.say(this.#two.urls[1], sessionId, text, clientId);
      assert.deepEqual([status, body.id, body.seq], [200, id, seq]);
    }
  }

  async #again(every: number, work: () => Promise<void>): Promise<void> {
    for (; this.#isOpen; await pause(every)) await work();
  }

  #talk(talker: Talker, { ahead }: Pace): Promise<void> {
    talker.resend();
    if (this.#isTalking && talker.unacked < ahead) talker.say();
    return Promise.resolve();
  }

  async #hangUp(): Promise<void> {
    this.#isOpen = false;
    for (const end of [...this.#talkers, ...this.#pages]) end.hangUp();
    await Promise.all(this.#work);
  }
}

function patient(talker: Talker): Talker {
  talker.isPatient = true;
  return talker;
}

/** A customer's page, which asks for what it missed whenever its connection was lost. */
class Page {
  readonly sessionId: string;
  readonly #who: Someone;
  readonly #connections: Listener[] = [];

  constructor(who: Someone, sessionId: string) {
    this.#who = who;
    this.sessionId = sessionId;
  }

  /** Of the messages, as they came. */
  get seqs(): readonly number[] {
    return this.#connections.flatMap(({ frames }) =>
      frames.flatMap((frame) =>
        [...String(frame).matchAll(/data-seq="(\d+)"/g)].map(([, seq]) => Number(seq))
      )
    );
  }

  get contiguous(): number {
    return this.seqs.at(-1) ?? 0; // they have to come in order, which is looked at in the end
  }

  async connect(url: string): Promise<void> {
    const path = `/chat/${this.sessionId}/live?after=${this.contiguous}`;
    const connection = await this.#who.live(url, path).catch(() => undefined);
    if (!connection) return;
    this.#connections.push(connection);
    await connection.closed;
  }

  hangUp(): void {
    void this.#connections.at(-1)?.[Symbol.asyncDispose]();
  }
}
