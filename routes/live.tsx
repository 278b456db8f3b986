/** The hypermedia sockets: they only push. Each frame is made of idempotent upserts and whole regions. */
import type { Context } from "hono";
import type { Child } from "hono/jsx";
import { type Agent, type DeskList, newId, type Side } from "../services/domain.ts";
import type { Follower, Update } from "../services/feed.ts";
import { Me } from "../views/agent_page.tsx";
import { Briefing } from "../views/briefing.tsx";
import { Banner, ChatFoot } from "../views/chat_foot.tsx";
import { ChatHead } from "../views/chat_head.tsx";
import { SeenLine, Typing } from "../views/conversation.tsx";
import { Details } from "../views/customer.tsx";
import { WhatNext } from "../views/desk.tsx";
import { DeskFoot } from "../views/desk_foot.tsx";
import { DeskHead } from "../views/desk_head.tsx";
import {
  deskAddress,
  DeskLists,
  type DeskView,
  placeOf,
  StatusForm,
} from "../views/desk_lists.tsx";
import { Growing, inOrder, MessagePush } from "../views/message.tsx";
import { deskLists, isDeskList } from "./desk_lists.ts";
import { footOf, surroundingsOf } from "./open_conversation.ts";
import type { Env, Identity, Parts } from "./parts.ts";
import type { Connection } from "./sockets.ts";

/** A page that has missed more than this is told to load itself again: upserting long tails is slow. */
const MAX_TAIL = 200;
const LISTS_EVERY = 250;
const RELOAD = JSON.stringify({ reload: true });

type Reader = Pick<Identity, "actor" | "signInId">;

function Region({ id, children }: { id: string; children: Child }) {
  return <hx-partial hx-target={`#${id}`} hx-swap="outerMorph">{children}</hx-partial>;
}

/** The parts of a conversation that both sides have, as they are after an update. Made once for each side. */
function talk(parts: Parts, update: Update, viewer: Side): string {
  const key = `html ${viewer}`;
  const made = update.rendered.get(key) ?? String(
    <>
      {update.messages.length > 0 && (
        <MessagePush items={inOrder({ messages: update.messages, previous: update.previous })} />
      )}
      <Region id="growing">
        <Growing answer={update.answer} />
      </Region>
      <Region id="seen">
        <SeenLine session={update.session} viewer={viewer} />
      </Region>
      <Region id="typing">
        <Typing session={update.session} viewer={viewer} now={parts.clock.now()} />
      </Region>
    </>,
  );
  update.rendered.set(key, made);
  return made;
}

/** The `seq` up to which the page has everything, as app.js puts it into the address. */
function afterOf(c: Context<Env>): number | undefined {
  const after = c.req.query("after");
  return after !== undefined && /^\d{1,15}$/.test(after) ? Number(after) : undefined;
}

/** Follows a session from where the page is; a page too far behind, or beyond the log, loads itself again. */
async function follow(
  parts: Parts,
  connection: Connection,
  follower: Follower,
  { sessionId, after }: { sessionId: string; after: number | undefined },
): Promise<void> {
  const lastSeq = (await parts.store.sessions.find(sessionId))?.lastSeq ?? 0;
  if (after !== undefined && (after > lastSeq || lastSeq - after > MAX_TAIL)) {
    connection.send(RELOAD);
    return;
  }
  connection.keep(await parts.bus.follow(sessionId, follower, { after }));
}

// ---- the customer's page ------------------------------------------------------------------------

export async function openChatLive(c: Context<Env>, parts: Parts, reader: Reader) {
  const sessionId = c.req.param("id") ?? "";
  await parts.chat.sessionFor(reader.actor, sessionId);
  const showsEnd = c.req.query("foot") === "closed";
  const from = { sessionId, after: afterOf(c) };
  return parts.sockets.accept(
    c,
    reader,
    (connection) => follow(parts, connection, chatFollower(parts, connection, showsEnd), from),
  );
}

/** Apart from the request, which would otherwise live as long as the socket. */
function chatFollower(parts: Parts, connection: Connection, showsEnd: boolean): Follower {
  return {
    deliver(update) {
      const { session, queuePosition: place, agentStatus } = update;
      const ended = !showsEnd && session.status === "closed";
      showsEnd = session.status === "closed";
      connection.send(
        talk(parts, update, "user") + String(
          <>
            {update.headChanged && (
              <>
                <Region id="chat-head">
                  <ChatHead site={parts.site} session={session} agentStatus={agentStatus} />
                </Region>
                <Region id="banner">
                  <Banner session={session} place={place} />
                </Region>
              </>
            )}
            {ended && (
              <Region id="chat-foot">
                <ChatFoot site={parts.site} session={session} clientId={newId()} />
              </Region>
            )}
          </>,
        ),
      );
    },
  };
}

// ---- the desk -----------------------------------------------------------------------------------

/** A page that names neither a list nor a session shows none: its socket only says that its agent is there. */
export async function openDeskLive(c: Context<Env>, parts: Parts, reader: Reader) {
  const { session: sessionId, list, q, page: after, foot } = c.req.query();
  if (sessionId) await parts.chat.sessionFor(reader.actor, sessionId);
  if (!sessionId && !isDeskList(list)) return parts.sockets.accept(c, reader, async () => {});
  const view = { list: isDeskList(list) ? list : "mine" as DeskList, q, after, current: sessionId };
  const { id } = reader.actor;
  const from = sessionId ? { sessionId, after: afterOf(c) } : undefined;
  return parts.sockets.accept(
    c,
    reader,
    (connection) => new DeskChannel(parts, connection, id, view, foot).open(from),
  );
}

/** One open desk: its lists and status, and the conversation that is open on it. */
class DeskChannel implements Follower {
  readonly #parts: Parts;
  readonly #connection: Connection;
  readonly #agentId: string;
  readonly #view: DeskView;
  #foot: string | undefined;
  #head = "";
  #pending: Disposable | undefined;
  #lists = "";
  #turn: Promise<void> = Promise.resolve();

  constructor(
    parts: Parts,
    connection: Connection,
    agentId: string,
    view: DeskView,
    foot: string | undefined,
  ) {
    this.#parts = parts;
    this.#connection = connection;
    this.#agentId = agentId;
    this.#view = view;
    this.#foot = foot;
  }

  async open(from: { sessionId: string; after: number | undefined } | undefined): Promise<void> {
    this.#connection.keep(this.#parts.bus.listen((change) => {
      if (change.kind !== "sign_in") this.#listsSoon();
    }));
    this.#connection.keep({ [Symbol.dispose]: () => this.#pending?.[Symbol.dispose]() });
    this.#listsSoon();
    if (from) await follow(this.#parts, this.#connection, this, from);
  }

  deliver(update: Update): void {
    this.#connection.send(talk(this.#parts, update, "agent"));
    if (update.headChanged || update.messages.length > 0) {
      this.#inTurn(() => this.#pushHead(update));
    }
  }

  /** What is said of the session around its log, and the composer where that comes or goes. */
  async #pushHead({ session }: Update): Promise<void> {
    const { site } = this.#parts;
    const agent = await this.#agent();
    const { briefing, ...about } = await surroundingsOf(this.#parts, session);
    const place = placeOf(this.#view);
    const foot = footOf(session, agent.id);
    const footChanged = foot !== this.#foot;
    this.#foot = foot;
    const head = String(
      <>
        <Region id="desk-head">
          <DeskHead site={site} agent={agent} session={session} place={place} />
        </Region>
        <Region id="briefing">
          <Briefing briefing={briefing} />
        </Region>
        <Region id="details">
          <Details {...about} place={place} />
        </Region>
        {footChanged && (
          <Region id="chat-foot">
            <DeskFoot site={site} agent={agent} session={session} clientId={newId()} />
          </Region>
        )}
      </>,
    );
    if (head !== this.#head) this.#connection.send(head);
    this.#head = head;
  }

  /** Everything that happens anywhere may move a row: looked at again at most four times a second. */
  #listsSoon(): void {
    this.#pending ??= this.#parts.clock.after(LISTS_EVERY, () => {
      this.#pending = undefined;
      this.#inTurn(() => this.#pushLists());
    });
  }

  async #pushLists(): Promise<void> {
    const agent = await this.#agent();
    const lists = String(
      <>
        <Region id="desk-lists">
          <DeskLists {...await deskLists(this.#parts, agent, this.#view)} />
        </Region>
        <Region id="status">
          <StatusForm agent={agent} here={deskAddress(this.#view)} />
        </Region>
        <Region id="me">
          <Me agent={agent} />
        </Region>
        <Region id="next">
          <WhatNext status={agent.status} />
        </Region>
      </>,
    );
    if (lists !== this.#lists) this.#connection.send(lists);
    this.#lists = lists;
  }

  async #agent(): Promise<Agent> {
    const agent = await this.#parts.store.agents.find(this.#agentId);
    if (!agent) throw new Error("The agent of an open desk is gone");
    return agent;
  }

  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error) => {
      this.#parts.log.warn("desk_channel", { error });
      this.#connection.close(1011, "Try again");
    });
  }
}
