/** A message is drawn the same for every viewer: whose it is belongs to CSS (`data-viewer`, `data-author`). */
import type { GrowingAnswer, Message, Source } from "../services/domain.ts";
import { Text } from "./text.tsx";
import { Clock, day, isSameDay } from "./time.tsx";

const GROUP = 5 * 60_000;

export interface MessageItemProps {
  message: Message;
  /** The one before it in the session, shown or not: it decides on the name, the time and the day. */
  previous?: Message | undefined;
}

export function MessageItem({ message, previous }: MessageItemProps) {
  const { sender, seq, timestamp } = message;
  const isNewDay = !previous || !isSameDay(previous.timestamp, timestamp);
  const isGrouped = !isNewDay && follows(message, previous);
  return (
    <li
      id={`m-${message.id}`}
      class="msg"
      data-seq={seq}
      data-author={sender}
      data-at={timestamp.toISOString()}
      data-grouped={isGrouped ? "" : undefined}
      data-day={isNewDay ? day(timestamp) : undefined}
    >
      {sender === "system" ? <Line message={message} /> : (
        <>
          {!isGrouped && <By message={message} />}
          <Body message={message} />
        </>
      )}
    </li>
  );
}

/** The assistant's name stands on each of its messages: nobody is to take one for a person's. */
function follows(message: Message, previous: Message): boolean {
  return message.sender !== "ai" && previous.sender === message.sender &&
    previous.senderName === message.senderName &&
    message.timestamp.getTime() - previous.timestamp.getTime() < GROUP;
}

function Line({ message }: { message: Message }) {
  return (
    <p dir="auto">
      <b>{message.text}</b> <Clock at={message.timestamp} />
    </p>
  );
}

function By({ message }: { message: Message }) {
  const { sender, senderName, timestamp } = message;
  return (
    <p class="by">
      <b dir="auto">{sender === "ai" ? "Assistant · AI" : senderName}</b> <Clock at={timestamp} />
    </p>
  );
}

/** The assistant's links go to its sources only, so its text is left as it is. */
function Body({ message: { sender, text, sources } }: { message: Message }) {
  return (
    <>
      <p class="text" dir="auto">{sender === "ai" ? text : <Text text={text} />}</p>
      {sources && sources.length > 0 && <Sources sources={sources} />}
    </>
  );
}

export function Sources({ sources }: { sources: readonly Source[] }) {
  return (
    <ol class="sources" aria-label="Sources">
      {sources.map(({ slug, title, quote }, i) => (
        <li>
          <a class="chip" href={`/help/${slug}`} title={quote} target="_blank">
            <b>{i + 1}</b> {title}
          </a>
        </li>
      ))}
    </ol>
  );
}

export interface MessageListProps {
  messages: readonly Message[];
  /** The last message before those, where there is one. */
  previous?: Message | undefined;
}

export const inOrder = ({ messages, previous }: MessageListProps): MessageItemProps[] =>
  messages.map((message, i) => ({ message, previous: i > 0 ? messages[i - 1] : previous }));

export function MessageList(props: MessageListProps) {
  return (
    <ol id="messages">
      {inOrder(props).map((item) => <MessageItem {...item} />)}
    </ol>
  );
}

/** Messages arriving: each takes its place among those that are there, however often it comes. */
export function MessagePush({ items }: { items: readonly MessageItemProps[] }) {
  return (
    <hx-upsert hx-target="#messages" key="data-seq">
      {items.map((item) => <MessageItem {...item} />)}
    </hx-upsert>
  );
}

/** The answer being made, under the list; empty when there is none. */
export function Growing({ answer }: { answer?: GrowingAnswer | undefined }) {
  return (
    <div id="growing" aria-live="off">
      {answer && (
        <div class="msg" data-author="ai">
          <p class="by">
            <b>Assistant · AI</b>
          </p>
          <p class="text" dir="auto">{answer.text}</p>
        </div>
      )}
    </div>
  );
}
