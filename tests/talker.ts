/**
 * A client as it should be written: after a lost connection it asks for what it missed and sends again, under the same
 * `clientId`, what was not acknowledged. It keeps account of everything that came.
 */
import assert from "node:assert/strict";
import { range, type Someone, tally } from "./crowd.ts";
import type { Stored } from "./databases.ts";
import type { Frame } from "./helpers.ts";

export interface Ack {
  readonly text: string;
  readonly id: string;
  readonly seq: number;
}

export class Talker {
  readonly who: Someone;
  readonly sessionId: string;
  /** By clientId: what was acknowledged, as it was the first time. */
  readonly acked = new Map<string, Ack>();
  /** Messages as they came, over all connections, each once. */
  readonly heard: Frame[] = [];
  /** Refusals, and whatever else should not have come. */
  readonly trouble: string[] = [];
  connections = 0;
  /** Sent before, on a connection that broke before the acknowledgement came. */
  resent = 0;
  /** Whether it takes being refused for now, and calls `resend`; else that is trouble. */
  isPatient = false;
  /** Hears of each acknowledgement. */
  onAck: () => void = () => {};
  readonly #name: string;
  readonly #unacked = new Map<string, string>();
  readonly #tried = new Set<string>();
  readonly #refused = new Set<string>();
  readonly #known = new Set<number>();
  #contiguous = 0;
  #sent = 0;
  /** The last `seq` that this connection brought, or what it was to begin after. */
  #last = 0;
  #socket: WebSocket | undefined;

  constructor(who: Someone, sessionId: string, name: string) {
    this.who = who;
    this.sessionId = sessionId;
    this.#name = name;
  }

  get unacked(): number {
    return this.#unacked.size;
  }

  /** Up to here nothing is missing. */
  get contiguous(): number {
    while (this.#known.has(this.#contiguous + 1)) this.#contiguous++;
    return this.#contiguous;
  }

  /** Opens a connection; resolves when it is gone, or was refused. */
  async connect(url: string): Promise<void> {
    this.#last = this.contiguous;
    const query = `sessionId=${this.sessionId}&after=${this.#last}`;
    const headers = this.who.bearer;
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws?${query}`, { headers } as never);
    socket.addEventListener("open", () => {
      this.connections++;
      this.#socket = socket;
      for (const clientId of this.#unacked.keys()) this.#send(clientId);
    });
    socket.addEventListener("message", ({ data }) => this.#take(JSON.parse(data)));
    socket.addEventListener("error", () => {});
    await new Promise((gone) => socket.addEventListener("close", gone));
    this.#socket = undefined;
  }

  /** Once now, if connected, and again after every connection until it is acknowledged. */
  say(): void {
    const clientId = `${this.#name}-${++this.#sent}`;
    this.#unacked.set(clientId, `Message ${clientId}`);
    this.#send(clientId);
  }

  /** Once more what was refused for now. */
  resend(): void {
    for (const clientId of this.#refused) this.#send(clientId);
    this.#refused.clear();
  }

  hangUp(): void {
    this.#socket?.close();
  }

  /** That its side of the story is the whole log, each message once and in order. */
  checkAgainst(log: readonly Frame[]): void {
    const what = this.#name;
    assert.deepEqual(this.trouble, [], what);
    assert.equal(this.unacked, 0, `${what}: all is acknowledged`);
    const texts = log.filter(({ clientId }) => clientId !== null).map(({ text }) => text);
    assert.equal(new Set(texts).size, texts.length, `${what}: each is stored once`);
    const byId = new Map(log.map((message) => [message.id, message]));
    for (const { id, seq, message, sender } of this.heard) {
      const stored = byId.get(id);
      assert.deepEqual([stored?.seq, stored?.text, stored?.sender], [seq, message, sender], what);
    }
    for (const { id, seq, text } of this.acked.values()) {
      assert.deepEqual([byId.get(id)?.seq, byId.get(id)?.text], [seq, text], what);
    }
    assert.deepEqual(
      [...this.#known].sort((a, b) => a - b),
      range(1, log.length),
      `${what}: nothing is missing`,
    );
  }

  #send(clientId: string): void {
    if (!this.#unacked.has(clientId)) return;
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    if (this.#tried.has(clientId)) this.resent++;
    this.#tried.add(clientId);
    const { sessionId } = this;
    this.#socket.send(
      JSON.stringify({ sessionId, clientId, message: this.#unacked.get(clientId) }),
    );
  }

  #take(frame: Frame): void {
    if (frame.type === "message") this.#takeMessage(frame);
    else if (frame.type === "ack") this.#takeAck(frame);
    else if (frame.type === "error") this.#takeRefusal(frame);
  }

  /**
   * Each connection goes on after the last contiguous one, in order, once. What stood beyond a hole, which an own message leaves whose
   * acknowledgement got lost, comes again.
   */
  #takeMessage(frame: Frame): void {
    const { seq } = frame;
    if (seq <= this.#last) this.trouble.push(`${seq} came after ${this.#last}`);
    this.#last = seq;
    if (!this.#known.has(seq)) this.heard.push(frame);
    this.#known.add(seq);
  }

  #takeRefusal(frame: Frame): void {
    if (this.isPatient && frame.code === "unavailable") this.#refused.add(frame.clientId);
    else this.trouble.push(JSON.stringify(frame));
  }

  #takeAck({ clientId, id, seq }: Frame): void {
    const text = this.#unacked.get(clientId);
    const before = this.acked.get(clientId);
    if (before && (before.id !== id || before.seq !== seq)) {
      this.trouble.push(`${clientId} became ${id}, and was ${before.id}`);
    }
    if (text === undefined) return;
    this.#unacked.delete(clientId);
    this.acked.set(clientId, { text, id, seq });
    this.#known.add(seq);
    this.onAck();
  }
}

/** That all which they were told of is in the database, and that once, without gaps. Returns how much that is. */
export function assertStored(
  rows: readonly Stored[],
  talkers: readonly Talker[],
  what: string,
): number {
  for (const [sessionId, own] of Map.groupBy(rows, (row) => row.sessionId)) {
    const seqs = own.map(({ seq }) => seq).sort((one, other) => one - other);
    assert.deepEqual(seqs, range(1, seqs.length), `${what}: gaps in ${sessionId}`);
  }
  const texts = rows.filter(({ sender }) => /user|agent/.test(sender)).map(({ text }) => text);
  const twice = Object.entries(tally(texts)).filter(([, count]) => count > 1);
  assert.deepEqual(twice, [], `${what}: twice`);
  const stored = new Map(rows.map((row) => [row.id, row]));
  let acknowledged = 0;
  for (const { sessionId, acked } of talkers) {
    for (const { id, seq, text } of acked.values()) {
      acknowledged++;
      const row = stored.get(id);
      assert.deepEqual([row?.sessionId, row?.seq, row?.text], [sessionId, seq, text], what);
    }
  }
  return acknowledged;
}
