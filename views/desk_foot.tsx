import type { Agent, Session } from "../services/domain.ts";
import { Composer } from "./composer.tsx";
import type { Site } from "./layout.tsx";
import { Day } from "./time.tsx";

export interface DeskFootProps {
  site: Site;
  agent: Agent;
  session: Session;
  clientId: string;
  draft?: string | undefined;
}

export const mayReply = ({ status, assignedAgent }: Session, agent: Agent): boolean =>
  status === "open" && assignedAgent === agent.id;

/** A composer for who has the session; for others, who has it and what to do. */
export function DeskFoot({ site, agent, session, clientId, draft }: DeskFootProps) {
  return (
    <div id="chat-foot">
      {mayReply(session, agent)
        ? (
          <Composer
            site={site}
            action={`/agent/sessions/${session.id}/messages`}
            clientId={clientId}
            basedOn={session.lastSeq}
            draft={draft}
            placeholder={`Reply to ${session.userName}…`}
          >
            <span class="advise">
              <Advise session={session} what="suggestion">Suggest a reply</Advise>
              <Advise session={session} what="summary">Summarise</Advise>
            </span>
          </Composer>
        )
        : (
          <div class="elsewhere">
            <Elsewhere session={session} />
            <form method="post">
              <Advise session={session} what="summary">Summarise</Advise>
            </form>
          </div>
        )}
    </div>
  );
}

/** Works as a form's button; app.js asks without leaving the page. */
function Advise({ session, what, children }: {
  session: Session;
  what: "suggestion" | "summary";
  children: string;
}) {
  const address = `/agent/sessions/${session.id}/${what}`;
  return (
    <button type="submit" class="quiet" formaction={address} formnovalidate data-advise="">
      {children}
    </button>
  );
}

/** Under a conversation that isn't one's own. */
function Elsewhere({ session }: { session: Session }) {
  if (session.status === "closed") {
    return (
      <p>
        Closed {session.closedAt && <Day at={session.closedAt} />}
        {session.rating !== undefined && ` · rated ${session.rating} of 5`}. It can only be read.
      </p>
    );
  }
  if (session.mode === "human") {
    return <p>{session.agentName} has it. Transfer it to yourself to reply.</p>;
  }
  return (
    <p>
      {session.waitingSince
        ? "The customer waits for a person, and the assistant answers meanwhile."
        : "The assistant answers here."} Take over to reply.
    </p>
  );
}
