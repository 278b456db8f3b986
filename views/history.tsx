import type { Session } from "../services/domain.ts";
import { Layout, type Site, type Viewer } from "./layout.tsx";
import { Ago } from "./time.tsx";

export interface HistoryProps {
  site: Site;
  viewer: Viewer;
  sessions: readonly Session[];
  /** Address of the next page of older ones. */
  older?: string | undefined;
  now: Date;
}

export function HistoryPage({ site, viewer, sessions, older, now }: HistoryProps) {
  return (
    <Layout site={site} title="My chats" viewer={viewer}>
      <div class="column">
        <h1>My chats</h1>
        {sessions.length === 0 ? <None /> : (
          <ul class="cards">
            {sessions.map((session) => <Entry session={session} now={now} />)}
          </ul>
        )}
        {older && <a class="button" href={older}>Older</a>}
      </div>
    </Layout>
  );
}

function None() {
  return (
    <div class="empty">
      <p>You have no chats yet.</p>
      <a class="button primary" href="/chat">Start chat</a>
    </div>
  );
}

function Entry({ session, now }: { session: Session; now: Date }) {
  const { id, mode, agentName, subject, lastActivity } = session;
  return (
    <li class="entry">
      <p class="split">
        <a class="cover" href={`/chat/${id}`}>
          {mode === "ai" ? "Assistant" : agentName}
        </a>
        <Ago at={lastActivity} now={now} />
      </p>
      <p class="words" dir="auto">{subject ?? "Nothing was written"}</p>
      <p class="badges">
        <State session={session} />
      </p>
    </li>
  );
}

function State({ session: { status, waitingSince, rating } }: { session: Session }) {
  if (status === "open") {
    return waitingSince
      ? <span class="badge wait">In line for a person</span>
      : <span class="badge live">Open</span>;
  }
  return <span class="badge">{rating ? `Ended · rated ${rating} of 5` : "Ended"}</span>;
}
