/** The log of a conversation with what goes on under it, for either side. */
import type { Child } from "hono/jsx";
import type { Session, Side } from "../services/domain.ts";
import { Place } from "./drawn.tsx";
import { Growing } from "./message.tsx";
import { Clock } from "./time.tsx";

export interface ConversationProps {
  /** Missing before the first message. */
  session?: Session | undefined;
  viewer: Side;
  /** The page's own address. */
  here: string;
  /** The messages, where they are not put in as they were drawn before. */
  list?: Child;
  /** `seq` of the first of them. */
  first?: number | undefined;
  hasEarlier?: boolean | undefined;
  hasLater?: boolean | undefined;
  /** Stands above the first message. */
  welcome?: Child;
  now?: Date | undefined;
}

export function Conversation(props: ConversationProps) {
  const { session, viewer, here, list = <Place />, first, welcome, now } = props;
  const { hasEarlier, hasLater } = props;
  return (
    <div class="log" role="log" aria-label="Conversation" aria-live="polite" tabindex={0}>
      <div class="lines">
        {hasEarlier && first ? <Earlier here={here} before={first} /> : welcome}
        {list}
        {hasLater
          ? <a class="more" href={here}>Latest messages</a>
          : session && <Goings session={session} viewer={viewer} now={now ?? new Date(0)} />}
      </div>
    </div>
  );
}

function Earlier({ here, before }: { here: string; before: number }) {
  const address = `${here}${here.includes("?") ? "&" : "?"}before=${before}`;
  return <a class="more" id="earlier" href={address}>Earlier messages</a>;
}

interface GoingsProps {
  session: Session;
  viewer: Side;
  now: Date;
}

/** What is not a message yet, or never will be. */
function Goings({ session, viewer, now }: GoingsProps) {
  return (
    <>
      <SeenLine session={session} viewer={viewer} />
      <Growing answer={session.answer} />
      <Typing session={session} viewer={viewer} now={now} />
    </>
  );
}

const otherOf = (viewer: Side): Side => viewer === "user" ? "agent" : "user";

/** "Seen 10:05" under one's own last message, once the other side has read it. */
export function SeenLine({ session, viewer }: Omit<GoingsProps, "now">) {
  const { seen: { [otherOf(viewer)]: seen }, lastMessage, askedSeq, answeredSeq } = session;
  const ownSeq = viewer === "user" ? askedSeq : answeredSeq;
  return (
    <p id="seen" aria-live="off">
      {lastMessage?.sender === viewer && seen && seen.seq >= ownSeq && (
        <>
          Seen <Clock at={seen.at} />
        </>
      )}
    </p>
  );
}

/** "Ada is typing…"; its height is kept when nobody is. */
export function Typing({ session, viewer, now }: GoingsProps) {
  const other = otherOf(viewer);
  const until = session.typing[other];
  const name = other === "user" ? session.userName : session.agentName;
  return (
    <p id="typing" aria-live="off">
      {until && until > now && name && `${name} is typing…`}
    </p>
  );
}
