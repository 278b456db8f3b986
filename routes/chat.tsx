/** The customer's side: one chat, its forms, its end, and all the earlier ones. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { MessageDraft, newId, Note, type Session } from "../services/domain.ts";
import { Fault } from "../services/errors.ts";
import { Kept } from "../services/kept.ts";
import { placed } from "../services/place.ts";
import { ChatPage, type ChatPageProps, NewChatPage } from "../views/chat.tsx";
import { SendProblem } from "../views/composer.tsx";
import { HistoryPage } from "../views/history.tsx";
import { isPartial, requireCustomer } from "./actor.ts";
import { messageJson, sessionJson } from "./api/json.ts";
import { checked, done, statusOf, typed } from "./forms.ts";
import { openChatLive } from "./live.tsx";
import { pageOf } from "./log_page.tsx";
import { EACH_ID, type Frame, framed, page } from "./page.tsx";
import type { Env, Parts } from "./parts.ts";
import { problemOf, sentReply } from "./replies.tsx";
import { STATUS } from "./faults.tsx";
import { addressOf } from "./security.ts";
import { transcript } from "./transcript.ts";

const Rated = z.object({
  rating: z.string().regex(/^[1-5]$/, "Choose from 1 to 5").transform(Number),
  comment: Note.optional(),
});
const Seen = z.object({ seq: z.string().regex(/^\d{1,15}$/).transform(Number) });
const HISTORY_PAGE = 20;

/** What a page shows of a text that could not be sent. */
interface Unsent {
  readonly draft?: string | undefined;
  readonly problem?: string | undefined;
  readonly ratingError?: string | undefined;
}

/** All that a page shows of what is stored, but for the log. */
type PageFacts = Omit<ChatPageProps, "site" | "clientId" | "now" | keyof Unsent>;

export function chatPages(parts: Parts) {
  const { chat, clock, limits, site, store } = parts;
  const frames = new Kept<Frame>(300);

  async function chatPage(
    c: Context<Env>,
    found: Session,
    unsent: Unsent = {},
    status: 200 | 409 | 422 | 429 = 200,
  ) {
    const { customer } = c.var;
    const { session, queuePosition } = await placed(store, found);
    const agent = session.assignedAgent && await store.agents.find(session.assignedAgent);
    const { log, ...shown } = await pageOf(chat, customer, session, c.req.query("before"));
    const facts = {
      viewer: customer,
      session,
      ...shown,
      agentStatus: agent ? agent.status : undefined,
      place: queuePosition,
    };
    return page(c, frameOf(facts, unsent), { inset: log, status });
  }

  /** Drawn once for as long as all that it shows stays the same; what passes is drawn each time. */
  function frameOf(facts: PageFacts, unsent: Unsent): Frame {
    const draw = () =>
      framed(
        <ChatPage site={site} {...facts} clientId={EACH_ID} now={clock.now()} {...unsent} />,
      );
    if (facts.session.typing.agent || Object.keys(unsent).length > 0) return draw();
    const key = JSON.stringify(facts);
    const kept = frames.get(key);
    if (kept) return kept;
    const frame = draw();
    frames.set(key, frame);
    return frame;
  }

  function newChatPage(c: Context<Env>, unsent: Unsent = {}, status: 200 | 422 = 200) {
    return c.html(
      <NewChatPage site={site} viewer={c.var.customer} clientId={newId()} {...unsent} />,
      status,
    );
  }

  async function start(c: Context<Env>): Promise<Session> {
    await limits.count("start", c.var.customer.id);
    return (await chat.start(c.var.customer)).session;
  }

  return new Hono<Env>()
    .use("/chat", requireCustomer(parts))
    .use("/chat/*", requireCustomer(parts))
    .use("/history", requireCustomer(parts))
    .get("/chat", async (c) => {
      const session = await chat.openSessionOf(c.var.customer);
      return session ? chatPage(c, session) : newChatPage(c);
    })
    // The first message, or the wish for a person, starts the session: looking takes nobody's place.
    .post("/chat/messages", async (c) => {
      const form = await checked(c, MessageDraft);
      if ("errors" in form) {
        const problem = firstOf(form.errors);
        if (isPartial(c)) return c.html(<SendProblem problem={problem} />, 422);
        return newChatPage(c, { draft: form.values.text, problem }, 422);
      }
      await limits.count("message", c.var.customer.id);
      const session = await start(c);
      await chat.post(c.var.customer, session.id, form.data);
      const address = `/chat/${session.id}`;
      return isPartial(c)
        ? c.body(null, 200, { "hx-redirect": address })
        : c.redirect(address, 303);
    })
    .post("/chat/handoff", async (c) => {
      const session = await start(c);
      await chat.ask(c.var.customer, session.id);
      return c.redirect(`/chat/${session.id}`, 303);
    })
    .get("/chat/:id", async (c) => {
      return chatPage(c, await chat.sessionFor(c.var.customer, c.req.param("id")));
    })
    .post("/chat/:id/messages", async (c) => {
      const id = c.req.param("id");
      const form = await checked(c, MessageDraft.omit({ basedOn: true }));
      try {
        if ("errors" in form) throw new Fault("invalid", firstOf(form.errors));
        await limits.count("message", c.var.customer.id);
        const { message } = await chat.post(c.var.customer, id, form.data);
        if (isPartial(c)) return c.html(await sentReply(parts, c.var.customer, message));
        return c.redirect(`/chat/${id}`, 303);
      } catch (error) {
        if (!(error instanceof Fault) || STATUS[error.code] >= 500) throw error;
        const status = statusOf(c, error);
        if (isPartial(c)) {
          return c.html(<SendProblem problem={problemOf(error)} />, STATUS[error.code]);
        }
        const unsent = { draft: form.values.text, problem: problemOf(error) };
        return chatPage(c, await chat.sessionFor(c.var.customer, id), unsent, status);
      }
    })
    .post("/chat/:id/handoff", async (c) => {
      const id = c.req.param("id");
      const { cancel } = await typed(c);
      await (cancel ? chat.leaveLine(c.var.customer, id) : chat.ask(c.var.customer, id));
      return done(c, `/chat/${id}`);
    })
    .post("/chat/:id/closure", async (c) => {
      const { id } = await chat.close(c.var.customer, c.req.param("id"));
      return done(c, `/chat/${id}`);
    })
    .post("/chat/:id/rating", async (c) => {
      const id = c.req.param("id");
      const form = await checked(c, Rated);
      const session = await chat.sessionFor(c.var.customer, id);
      if ("errors" in form) return chatPage(c, session, { ratingError: firstOf(form.errors) }, 422);
      await chat.rate(c.var.customer, id, form.data);
      return c.redirect(`/chat/${id}`, 303);
    })
    .post("/chat/:id/typing", async (c) => {
      await limits.count("signal", c.var.customer.id);
      await chat.typing(c.var.customer, c.req.param("id"));
      return c.body(null, 204);
    })
    .post("/chat/:id/seen", async (c) => {
      const form = await checked(c, Seen);
      if ("errors" in form) throw new Fault("invalid", firstOf(form.errors));
      await limits.count("signal", c.var.customer.id);
      await chat.seen(c.var.customer, c.req.param("id"), form.data.seq);
      return c.body(null, 204);
    })
    .get("/chat/:id/transcript.txt", async (c) => {
      const session = await chat.sessionFor(c.var.customer, c.req.param("id"));
      c.header("content-disposition", `attachment; filename="chat-${session.id}.txt"`);
      return c.text(await transcript(session, chat.transcript(c.var.customer, session.id)));
    })
    .get("/chat/:id/transcript.json", async (c) => {
      const session = await chat.sessionFor(c.var.customer, c.req.param("id"));
      const messages = await Array.fromAsync(
        chat.transcript(c.var.customer, session.id),
        messageJson,
      );
      c.header("content-disposition", `attachment; filename="chat-${session.id}.json"`);
      return c.json({ session: sessionJson(session, undefined), messages });
    })
    .get("/chat/:id/live", async (c) => {
      const { customer, signInId } = c.var;
      await limits.count("socketAddress", addressOf(c, parts.config));
      await limits.count("socket", customer.id);
      return openChatLive(c, parts, { actor: customer, signInId });
    })
    .get("/history", async (c) => {
      const { customer } = c.var;
      const from = c.req.query("after");
      const after = from ? await chat.sessionFor(customer, from) : undefined;
      const page = { limit: HISTORY_PAGE, ...(after && { after }) };
      const sessions = await store.sessions.ofCustomer(customer.id, page);
      const last = sessions.length === HISTORY_PAGE ? sessions.at(-1) : undefined;
      return c.html(
        <HistoryPage
          site={site}
          viewer={customer}
          sessions={sessions}
          older={last && `/history?after=${last.id}`}
          now={clock.now()}
        />,
      );
    });
}

export const firstOf = (errors: Readonly<Record<string, string>>): string =>
  Object.values(errors)[0] ?? "Not acceptable";
