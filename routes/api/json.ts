/** The JSON shapes of the API, as schemas: they make the OpenAPI document and the types of the answers. */
import { z } from "@hono/zod-openapi";
import type { Message, Session, SessionRow } from "../../services/domain.ts";

const SourceJson = z.object({ slug: z.string(), title: z.string(), quote: z.string() });

export const MessageJson = z.object({
  id: z.string(),
  sessionId: z.string(),
  seq: z.int(),
  sender: z.enum(["user", "agent", "ai", "system"]),
  senderName: z.string(),
  text: z.string(),
  timestamp: z.iso.datetime(),
  clientId: z.string().nullable(),
  sources: z.array(SourceJson).optional(),
}).openapi("Message");

export function messageJson(message: Message): z.infer<typeof MessageJson> {
  const { id, sessionId, seq, sender, senderName, text, timestamp, clientId, sources } = message;
  return {
    id,
    sessionId,
    seq,
    sender,
    senderName,
    text,
    timestamp: timestamp.toISOString(),
    clientId: clientId ?? null,
    ...(sender === "ai" && { sources: [...sources ?? []] }),
  };
}

export const SessionJson = z.object({
  sessionId: z.string(),
  userId: z.string(),
  mode: z.enum(["ai", "human"]),
  assignedAgent: z.string().nullable(),
  agentName: z.string().nullable(),
  status: z.enum(["open", "closed"]),
  waiting: z.boolean(),
  createdAt: z.iso.datetime(),
  rating: z.int().nullable(),
  closedAt: z.iso.datetime().nullable(),
  queuePosition: z.int().nullable(),
}).openapi("Session");

export function sessionJson(
  session: Session,
  queuePosition: number | undefined,
): z.infer<typeof SessionJson> {
  return {
    sessionId: session.id,
    userId: session.userId,
    mode: session.mode,
    assignedAgent: session.assignedAgent ?? null,
    agentName: session.agentName ?? null,
    status: session.status,
    waiting: session.waitingSince !== undefined,
    createdAt: session.createdAt.toISOString(),
    rating: session.rating ?? null,
    closedAt: session.closedAt?.toISOString() ?? null,
    queuePosition: queuePosition ?? null,
  };
}

export const SessionRowJson = z.object({
  sessionId: z.string(),
  userId: z.string(),
  userName: z.string(),
  mode: z.enum(["ai", "human"]),
  status: z.enum(["open", "closed"]),
  waiting: z.boolean(),
  createdAt: z.iso.datetime(),
  lastActivity: z.iso.datetime(),
  lastMessage: z.string().nullable(),
  unread: z.int(),
}).openapi("SessionRow");

export function sessionRowJson(row: SessionRow): z.infer<typeof SessionRowJson> {
  return {
    sessionId: row.id,
    userId: row.userId,
    userName: row.userName,
    mode: row.mode,
    status: row.status,
    waiting: row.waitingSince !== undefined,
    createdAt: row.createdAt.toISOString(),
    lastActivity: row.lastActivity.toISOString(),
    lastMessage: row.lastMessage?.text ?? null,
    unread: row.unread,
  };
}

export const ErrorJson = z.object({
  error: z.string(),
  code: z.string(),
  fields: z.record(z.string(), z.string()).optional(),
}).openapi("Error");
