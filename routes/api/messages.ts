/** Messages over JSON: send one, read some. */
import { createRoute, z } from "@hono/zod-openapi";
import { MAX_PAGE, MessageDraft, PAGE, Seq, Text } from "../../services/domain.ts";
import { asWhoMay, signedIn } from "../actor.ts";
import type { Parts } from "../parts.ts";
import { MessageJson, messageJson } from "./json.ts";
import { answer, AnyId, api, body, inQuery, refusals, refusedWith } from "./openapi.ts";

/** `origin.md` calls the text `message`: where both are given, that one counts. Null is absent. */
export const SentMessage = z.preprocess(
  (sent) => {
    if (sent === null || typeof sent !== "object" || Array.isArray(sent)) return sent;
    const given: Record<string, unknown> = Object.fromEntries(
      Object.entries(sent).filter(([, value]) => value !== null),
    );
    if (given.message !== undefined) delete given.text;
    else if (given.text === undefined) given.message = ""; // so that its lack is told with the rest
    return given;
  },
  MessageDraft.extend({ sessionId: AnyId, message: Text.optional(), text: Text.optional() })
    .openapi({ anyOf: [{ required: ["message"] }, { required: ["text"] }] })
    .transform(({ message, text = "", ...rest }) => ({ ...rest, text: message ?? text })),
);

const send = (parts: Parts) =>
  createRoute({
    method: "post",
    path: "/api/session/message",
    middleware: signedIn(parts),
    request: { body: body(SentMessage) },
    responses: {
      ...refusals,
      200: answer("The first message with this clientId", MessageJson),
      201: answer("Stored", MessageJson),
      409: refusedWith({ messages: z.array(MessageJson).optional() }),
    },
  });
const read = (parts: Parts) =>
  createRoute({
    method: "get",
    path: "/api/session/messages",
    middleware: signedIn(parts),
    request: {
      query: z.object({
        sessionId: AnyId,
        after: inQuery(Seq).optional(),
        before: inQuery(Seq).optional(),
        limit: inQuery(z.int("A whole number").min(1).max(MAX_PAGE)).default(PAGE),
      }).superRefine(({ after, before }, { addIssue }) => {
        if (after === undefined || before === undefined) return;
        const message = "Give after or before, not both";
        for (const path of [["after"], ["before"]]) addIssue({ code: "custom", path, message });
      }),
    },
    responses: {
      ...refusals,
      200: answer(
        "Ascending; without a cursor the latest",
        z.object({ messages: z.array(MessageJson), hasMore: z.boolean() }),
      ),
    },
  });

export function messages(parts: Parts) {
  const { chat, limits } = parts;
  return api()
    .openapi(send(parts), (c) =>
      asWhoMay(c, parts, async (actor) => {
        const { sessionId, ...draft } = c.req.valid("json");
        await limits.count("message", actor.id);
        const { message, repeated } = await chat.post(actor, sessionId, draft);
        return c.json(messageJson(message), repeated ? 200 : 201);
      }))
    .openapi(read(parts), (c) =>
      asWhoMay(c, parts, async (actor) => {
        const { sessionId, after, before, limit } = c.req.valid("query");
        const { messages, hasMore } = await chat.messages(actor, sessionId, {
          limit,
          ...(after !== undefined && { after }),
          ...(before !== undefined && { before }),
        });
        return c.json({ messages: messages.map(messageJson), hasMore }, 200);
      }));
}
