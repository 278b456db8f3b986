/** The customer's side of a conversation. */
import type { AgentStatus, Session } from "../services/domain.ts";
import { ChatHead } from "./chat_head.tsx";
import { Composer, Connection, SendError } from "./composer.tsx";
import { Banner, ChatFoot } from "./chat_foot.tsx";
import { Conversation } from "./conversation.tsx";
import { Icon } from "./icon.tsx";
import { MessageList } from "./message.tsx";
import { Document, SignOut, type Site, type Viewer } from "./layout.tsx";

const TO_BOX = { to: "text", label: "Skip to the message box" };

export interface ChatPageProps {
  site: Site;
  viewer: Viewer;
  session: Session;
  /** `seq` of the first message. */
  first?: number | undefined;
  /** There are messages below / above these. */
  hasEarlier?: boolean | undefined;
  hasLater?: boolean | undefined;
  /** Of the agent who has it. */
  agentStatus?: AgentStatus | undefined;
  /** 1 is next. */
  place?: number | undefined;
  clientId: string;
  /** A text that could not be sent, and why. */
  draft?: string | undefined;
  problem?: string | undefined;
  ratingError?: string | undefined;
  now: Date;
}

export function ChatPage(props: ChatPageProps) {
  const { site, viewer, session, agentStatus, place, clientId, draft, problem, now } = props;
  const here = `/chat/${session.id}`;
  const { hasLater } = props; // a page of earlier messages stays as it is, and posts plainly
  return (
    <Document
      site={site}
      title={`Chat · ${site.company}`}
      frame="chat"
      side="user"
      skip={session.status === "open" ? TO_BOX : undefined}
      data={{ "data-session": session.id, "data-past": hasLater ? "" : undefined }}
    >
      <main id="main" class="talk" tabindex={-1}>
        <header class="bar">
          <ChatHead site={site} session={session} agentStatus={agentStatus} />
          <Menu site={site} viewer={viewer} />
        </header>
        <Conversation
          {...props}
          viewer="user"
          here={here}
          welcome={<Welcome site={site} />}
          now={now}
        />
        <div class="dock">
          <Newer />
          <Banner session={session} place={place} />
          <SendError problem={problem} unsent={session.status === "closed" ? draft : undefined} />
          <ChatFoot
            site={site}
            session={session}
            clientId={clientId}
            draft={draft}
            ratingError={props.ratingError}
          />
          <Connection here={here} open={session.status === "open"} />
        </div>
      </main>
      {!hasLater && <div hx-ws:connect={liveAddress(session)} hx-swap="none"></div>}
    </Document>
  );
}

/** The socket is told when the page shows the end already. */
const liveAddress = ({ id, status }: Session): string =>
  `/chat/${id}/live${status === "closed" ? "?foot=closed" : ""}`;

/** Shown by app.js when something arrives below what is being read. */
export function Newer() {
  return <button type="button" id="newer" hidden>New messages ↓</button>;
}

export interface NewChatPageProps {
  site: Site;
  viewer: Viewer;
  clientId: string;
  draft?: string | undefined;
  problem?: string | undefined;
}

/** `/chat` before the first word: looking at it starts nothing. */
export function NewChatPage({ site, viewer, clientId, draft, problem }: NewChatPageProps) {
  return (
    <Document
      site={site}
      title={`Chat · ${site.company}`}
      frame="chat"
      side="user"
      skip={TO_BOX}
    >
      <main id="main" class="talk" tabindex={-1}>
        <header class="bar">
          <ChatHead site={site} />
          <Menu site={site} viewer={viewer} />
        </header>
        <Conversation
          list={<MessageList messages={[]} />}
          viewer="user"
          here="/chat"
          welcome={<Welcome site={site} />}
        />
        <div class="dock">
          <SendError problem={problem} />
          <div id="chat-foot">
            <Composer
              site={site}
              action="/chat/messages"
              clientId={clientId}
              draft={draft}
            />
          </div>
          <Connection here="/chat" />
        </div>
      </main>
    </Document>
  );
}

function Welcome({ site }: { site: Site }) {
  return (
    <div class="msg welcome" data-author="ai">
      <p class="by">
        <b>Assistant · AI</b>
      </p>
      <p class="text">
        {`Hello! What can we do for you? I answer from ${site.company}'s help articles, and a person is one tap away.`}
      </p>
    </div>
  );
}

/** Where else a customer may go; outside of the head, so that a push never closes it. */
function Menu({ site, viewer }: { site: Site; viewer: Viewer }) {
  return (
    <>
      <button type="button" class="quiet square" popovertarget="menu" aria-label="Menu">
        <Icon site={site} name="menu" />
      </button>
      <nav id="menu" class="menu" popover="auto" aria-label="Site">
        <a href="/">{site.company}</a>
        <a href="/help">Help</a>
        <a href="/history">My chats</a>
        <a href="/account">{viewer.guest ? "Account" : viewer.name}</a>
        <SignOut action="/logout" />
      </nav>
    </>
  );
}
