import { MAX_COUNT, type SessionRow } from "../services/domain.ts";
import { Avatar } from "./avatar.tsx";
import { Ago, Lasting, minutesSince } from "./time.tsx";

/** "99+" is all that anyone reads. */
export const counted = (n: number): string => n >= MAX_COUNT ? `${MAX_COUNT - 1}+` : String(n);

interface RowProps {
  row: SessionRow;
  /** Which part of which list this is, as a query. */
  place: string;
  /** The reader's id. */
  me: string | undefined;
  isOpen: boolean;
  now: Date;
}

/** Only the name is the link, which covers the row: so a row is called by its customer. By its `id` the focus stays on it where rows move. */
export function DeskRow({ row, place, me, isOpen, now }: RowProps) {
  const unread = row.status === "open" ? row.unread : 0; // nobody is to read what is over
  return (
    <li id={`row-${row.id}`} class="entry" data-unread={unread > 0 ? "" : undefined}>
      <Avatar name={row.userName} />
      <div class="grow">
        <p class="split">
          <a
            class="cover"
            href={`/agent/sessions/${row.id}?${place}`}
            aria-current={isOpen ? "true" : undefined}
          >
            <bdi>{row.userName}</bdi>
          </a>
          <Ago at={row.lastActivity} now={now} />
        </p>
        <div class="split">
          <p class="words" dir="auto">{lastWords(row, me)}</p>
          <Unread count={unread} />
        </div>
        <Badges row={row} now={now} />
      </div>
    </li>
  );
}

function lastWords({ lastMessage }: SessionRow, me?: string): string {
  if (!lastMessage) return "Nothing was written yet";
  const { sender, senderId, senderName = "Agent", text } = lastMessage;
  const agent = senderId === me ? "You" : senderName;
  return { user: "", agent: `${agent}: `, ai: "AI: ", system: "" }[sender] + text;
}

function Unread({ count }: { count: number }) {
  return count > 0 && (
    <span class="badge count">
      {counted(count)}
      <span class="unseen">unread</span>
    </span>
  );
}

/** By the person who has it. */
const isUnanswered = ({ status, mode, askedSeq, answeredSeq }: SessionRow): boolean =>
  status === "open" && mode === "human" && askedSeq > answeredSeq;

function Badges({ row, now }: { row: SessionRow; now: Date }) {
  const { status, mode, waitingSince, lastActivity } = row;
  const isWaiting = status === "open" && waitingSince;
  return (
    <p class="badges">
      {isWaiting && (
        <span class="badge wait">
          waiting · <Ago at={waitingSince} now={now} />
        </span>
      )}
      {isUnanswered(row) && minutesSince(lastActivity, now) > 0 && (
        <span class="badge wait">
          no answer for <Lasting since={lastActivity} now={now} />
        </span>
      )}
      {status === "open" && mode === "ai" && <span class="badge ai">AI</span>}
      {status === "closed" && <span class="badge">Closed</span>}
    </p>
  );
}
