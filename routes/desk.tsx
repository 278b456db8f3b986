/** The agents' side: the desk, the open conversation, and what an agent may do to it. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import type { AgentActor } from "../services/desk.ts";
import {
  type Agent,
  AgentStatus,
  type DeskList,
  MessageDraft,
  newId,
  Note,
  PAGE,
  Seq,
  type Session,
} from "../services/domain.ts";
import { Fault } from "../services/errors.ts";
import { Advice, type AdviceProps } from "../views/advice.tsx";
import { DeskPage, type OpenConversation } from "../views/desk.tsx";
import type { DeskPlace } from "../views/desk_lists.tsx";
import { SendProblem } from "../views/composer.tsx";
import { isPartial, requireAgent, safeNext } from "./actor.ts";
import { firstOf } from "./chat.tsx";
import { deskLists, isDeskList } from "./desk_lists.ts";
import { STATUS } from "./faults.tsx";
import { checked, done, statusOf, typed } from "./forms.ts";
import { openDeskLive } from "./live.tsx";
import { pageOf } from "./log_page.tsx";
import { footOf, surroundingsOf } from "./open_conversation.ts";
import { framed, page } from "./page.tsx";
import type { Env, Parts } from "./parts.ts";
import { heldReply, problemOf, sentReply } from "./replies.tsx";
import { addressOf } from "./security.ts";

const digits = z.string().regex(/^\d{1,15}$/, "A whole number").transform(Number);
const Reply = MessageDraft.extend({
  basedOn: digits.pipe(Seq).optional(),
  anyway: z.string().optional(),
});
const Transfer = z.object({ to: z.string().min(1, "Choose who"), note: Note.optional() });

const NOTHING = { text: "", basedOn: 0 };

type Unsent = Pick<OpenConversation, "draft" | "problem" | "held" | "advice">;

export function deskPages(parts: Parts) {
  const { advice, chat, clock, desk, limits, site, store } = parts;

  async function deskPage(
    c: Context<Env>,
    session: Session | undefined,
    unsent: Unsent = {},
    status: 200 | 409 | 422 | 429 = 200,
  ) {
    const agent = await agentOf(c.var.agent);
    const list = listFor(c, agent, session);
    const q = c.req.query("q")?.trim().slice(0, 200) || undefined;
    const view = { list, q, after: c.req.query("after"), current: session?.id };
    const { log, open } = session ? await conversation(c, session, unsent) : {};
    return page(
      c,
      framed(
        <DeskPage
          site={site}
          agent={agent}
          lists={await deskLists(parts, agent, view)}
          open={open}
          live={liveAddress(view, agent, open?.hasLater ? undefined : session)}
          now={clock.now()}
        />,
      ),
      { inset: log, status },
    );
  }

  async function conversation(
    c: Context<Env>,
    session: Session,
    unsent: Unsent,
  ): Promise<{ log: Uint8Array; open: OpenConversation }> {
    const { log, ...shown } = await pageOf(chat, c.var.agent, session, c.req.query("before"));
    const open = {
      session,
      ...await surroundingsOf(parts, session),
      ...shown,
      agents: await whoCanTake(),
      clientId: newId(),
      ...unsent,
    };
    return { log, open };
  }

  /** Whoever is not offline, oneself included. */
  async function whoCanTake(): Promise<readonly Agent[]> {
    const now = clock.now();
    return (await store.agents.all())
      .filter(({ status, presentUntil }) => status !== "offline" && presentUntil > now);
  }

  async function agentOf(actor: AgentActor): Promise<Agent> {
    const agent = await store.agents.find(actor.id);
    if (!agent) throw new Fault("unauthorized", "This account is gone");
    return agent;
  }

  /** What was refused, said on the page: a reply is kept in the box, with a way to send it anyway where that is all. */
  async function unsent(c: Context<Env>, error: unknown, reply: { text: string; basedOn: number }) {
    if (!(error instanceof Fault) || STATUS[error.code] >= 500) throw error;
    const status = STATUS[error.code] === 409 ? 409 : statusOf(c, error);
    const id = c.req.param("id") ?? "";
    const held = error.code === "stale";
    const problem = problemOf(error);
    if (!isPartial(c)) {
      const session = await chat.sessionFor(c.var.agent, id);
      return deskPage(c, session, { draft: reply.text, problem, held }, status);
    }
    const { basedOn } = reply;
    const answer = held
      ? await heldReply(parts, { actor: c.var.agent, sessionId: id, basedOn, problem })
      : <SendProblem problem={problem} />;
    return c.html(answer, STATUS[error.code]);
  }

  /** What the assistant reads of a conversation for an agent. */
  async function lastWords(c: Context<Env>) {
    await limits.count("advice", c.var.agent.id);
    const page = { limit: PAGE };
    return (await chat.messages(c.var.agent, c.req.param("id") ?? "", page)).messages;
  }

  /** Shows it; without JavaScript a suggested reply stands in the box, below what was typed. */
  async function advise(c: Context<Env>, made: AdviceProps) {
    if (isPartial(c)) return c.html(<Advice advice={made} />);
    const session = await chat.sessionFor(c.var.agent, c.req.param("id") ?? "");
    const { text: draft = "" } = await typed(c);
    const reply = made.kind === "reply" ? made.text : "";
    return deskPage(c, session, {
      draft: [draft, reply].filter((text) => text.trim()).join("\n\n"),
      advice: made,
    });
  }

  return new Hono<Env>()
    .use("/agent", requireAgent(parts))
    .use("/agent/status", requireAgent(parts))
    .use("/agent/live", requireAgent(parts))
    .use("/agent/sessions/*", requireAgent(parts))
    .get("/agent", (c) => deskPage(c, undefined))
    .post("/agent/status", async (c) => {
      const form = await checked(c, z.object({ status: AgentStatus, next: z.string().optional() }));
      if ("errors" in form) throw new Fault("invalid", "Choose available, busy or offline");
      await desk.set(c.var.agent.id, { chosen: form.data.status });
      return done(c, safeNext(form.data.next, "/agent"));
    })
    .get("/agent/live", async (c) => {
      const { agent, signInId } = c.var;
      await limits.count("socketAddress", addressOf(c, parts.config));
      await limits.count("socket", agent.id);
      return openDeskLive(c, parts, { actor: agent, signInId });
    })
    .get("/agent/sessions/:id", async (c) => {
      return deskPage(c, await chat.sessionFor(c.var.agent, c.req.param("id")));
    })
    .post("/agent/sessions/:id/messages", async (c) => {
      const id = c.req.param("id");
      const form = await checked(c, Reply);
      const reply = { text: form.values.text ?? "", basedOn: Number(form.values.basedOn) || 0 };
      try {
        if ("errors" in form) throw new Fault("invalid", firstOf(form.errors));
        const { anyway, basedOn, ...draft } = form.data;
        const checkedDraft = anyway || basedOn === undefined ? draft : { ...draft, basedOn };
        await limits.count("message", c.var.agent.id);
        const { message } = await chat.post(c.var.agent, id, checkedDraft);
        await chat.seen(c.var.agent, id, message.seq);
        if (isPartial(c)) return c.html(await sentReply(parts, c.var.agent, message));
        return c.redirect(`/agent/sessions/${id}`, 303);
      } catch (error) {
        return unsent(c, error, reply);
      }
    })
    .post("/agent/sessions/:id/assignment", async (c) => {
      try {
        const { id } = await chat.claim(c.var.agent, c.req.param("id"));
        return c.redirect(`/agent/sessions/${id}?list=mine`, 303);
      } catch (error) {
        return unsent(c, error, NOTHING);
      }
    })
    .post("/agent/sessions/:id/transfer", async (c) => {
      const id = c.req.param("id");
      const form = await checked(c, Transfer);
      try {
        if ("errors" in form) throw new Fault("invalid", firstOf(form.errors));
        await chat.transfer(c.var.agent, id, form.data.to, form.data.note);
        return c.redirect(`/agent/sessions/${id}`, 303);
      } catch (error) {
        return unsent(c, error, NOTHING);
      }
    })
    .post("/agent/sessions/:id/closure", async (c) => {
      const { id } = await chat.close(c.var.agent, c.req.param("id"));
      return done(c, `/agent/sessions/${id}`);
    })
    .post("/agent/sessions/:id/suggestion", async (c) => {
      const made = await advice.suggest(await lastWords(c));
      return advise(c, made ? { kind: "reply", ...made } : { kind: "no_reply" });
    })
    .post("/agent/sessions/:id/summary", async (c) => {
      return advise(c, { kind: "summary", text: await advice.summarise(await lastWords(c)) });
    })
    .post("/agent/sessions/:id/typing", async (c) => {
      await limits.count("signal", c.var.agent.id);
      await chat.typing(c.var.agent, c.req.param("id"));
      return c.body(null, 204);
    })
    .post("/agent/sessions/:id/seen", async (c) => {
      const form = await checked(c, z.object({ seq: digits.pipe(Seq) }));
      if ("errors" in form) throw new Fault("invalid", firstOf(form.errors));
      await limits.count("signal", c.var.agent.id);
      await chat.seen(c.var.agent, c.req.param("id"), form.data.seq);
      return c.body(null, 204);
    });
}

/** The list that the address names, else the one that the open session is in. */
function listFor(c: Context<Env>, agent: Agent, session: Session | undefined): DeskList {
  const named = c.req.query("list");
  if (isDeskList(named)) return named;
  if (!session) return "mine";
  if (session.status === "closed") return "closed";
  if (session.mode === "human") return session.assignedAgent === agent.id ? "mine" : "others";
  return session.waitingSince ? "waiting" : "ai";
}

/** The socket is told what the page shows, so that it pushes what differs. */
function liveAddress(
  { list, q, after }: DeskPlace,
  agent: Agent,
  session: Session | undefined,
): string {
  const shows = session && footOf(session, agent.id);
  const query = Object.entries({ list, q, page: after, session: session?.id, foot: shows })
    .flatMap(([name, value]) => value ? [`${name}=${encodeURIComponent(value)}`] : []);
  return `/agent/live?${query.join("&")}`;
}
