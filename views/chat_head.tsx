import type { AgentStatus, Session } from "../services/domain.ts";
import { AssistantAvatar, Avatar } from "./avatar.tsx";
import { Icon } from "./icon.tsx";
import type { Site } from "./layout.tsx";
import { Day } from "./time.tsx";

export interface ChatHeadProps {
  site: Site;
  /** Missing before the first message. */
  session?: Session | undefined;
  agentStatus?: AgentStatus | undefined;
}

/** Who answers, and the two ways out: to a person, and to the end. */
export function ChatHead({ site, session, agentStatus }: ChatHeadProps) {
  const isAi = !session || session.mode === "ai";
  const isOpen = !session || session.status === "open";
  const mayAsk = isOpen && isAi && !session?.waitingSince;
  return (
    <div id="chat-head" class={mayAsk ? "who asks" : "who"}>
      {isAi ? <AssistantAvatar site={site} /> : (
        <Avatar
          name={session.agentName ?? ""}
          presence={isOpen ? dotOf(agentStatus) : undefined}
        />
      )}
      <div class="grow">
        <h1>{isAi ? "Assistant" : session.agentName}</h1>
        <p class="soft">
          <Subtitle site={site} session={session} agentStatus={agentStatus} />
        </p>
      </div>
      {mayAsk && <Ask session={session} />}
      {isOpen && <End site={site} session={session} />}
    </div>
  );
}

const PRESENCE = {
  available: "here now",
  busy: "here now",
  offline: "away for a moment",
} as const satisfies Record<AgentStatus, string>;

/** How much else an agent has to do is nothing to customers. */
const dotOf = (status: AgentStatus | undefined): AgentStatus | undefined =>
  status === "busy" ? "available" : status;

function Subtitle({ site, session, agentStatus = "available" }: ChatHeadProps) {
  if (session?.status === "closed") {
    return <>Ended {session.closedAt && <Day at={session.closedAt} />}</>;
  }
  if (session?.mode === "human") return <>{PRESENCE[agentStatus]} · {site.company} support</>;
  return (
    <>
      AI<span class="roomy">{` · answers from ${site.company}'s articles`}</span>
    </>
  );
}

function Ask({ session }: { session: Session | undefined }) {
  const action = session ? `/chat/${session.id}/handoff` : "/chat/handoff";
  return (
    <form method="post" action={action} data-quiet={session && ""}>
      <button type="submit" class="primary">Talk to a person</button>
    </form>
  );
}

/** Before the first message there is nothing to end: it only leaves. */
function End({ site, session }: { site: Site; session: Session | undefined }) {
  const action = session ? `/chat/${session.id}/closure` : "/";
  return (
    <form method={session ? "post" : "get"} action={action} data-quiet={session && ""}>
      <button type="submit" class="quiet fold">
        <Icon site={site} name="end" />
        <span>End chat</span>
      </button>
    </form>
  );
}
