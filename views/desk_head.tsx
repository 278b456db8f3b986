import type { Agent, Session } from "../services/domain.ts";
import { MAX_NOTE } from "../services/domain.ts";
import { Icon } from "./icon.tsx";
import type { Site } from "./layout.tsx";

export interface DeskHeadProps {
  site: Site;
  agent: Agent;
  session: Session;
  /** The list's part that it was found in, as a query. */
  place: string;
}

/** Whose conversation it is, and what can be done with it. */
export function DeskHead({ site, agent, session, place }: DeskHeadProps) {
  return (
    <header id="desk-head" class="bar">
      <a class="button quiet square back" href={`/agent?${place}`}>
        <Icon site={site} name="back" />
        <span class="unseen">Back to the list</span>
      </a>
      <div class="grow">
        <h1>
          <bdi>{session.userName}</bdi>
        </h1>
        <p class="soft">{stateOf(session, agent)}</p>
      </div>
      <button
        type="button"
        class="quiet square fold-only"
        popovertarget="side"
        aria-label="Details"
        title="Details"
      >
        <Icon site={site} name="details" />
      </button>
      {session.status === "open" && <Actions session={session} />}
    </header>
  );
}

/** Who has it, in words. */
export function stateOf(session: Session, agent: Agent): string {
  if (session.status === "closed") return "Closed";
  if (session.mode === "ai") {
    return session.waitingSince ? "Waiting for a person" : "With the assistant";
  }
  return session.assignedAgent === agent.id ? "With you" : `With ${session.agentName}`;
}

/** From a colleague it isn't taken over but transferred, to oneself too: so nobody takes it by a click that came too late. */
function Actions({ session }: { session: Session }) {
  const address = `/agent/sessions/${session.id}`;
  return (
    <>
      {session.mode === "ai" && (
        <form method="post" action={`${address}/assignment`}>
          <button type="submit" class="primary">Take over</button>
        </form>
      )}
      <button type="button" popovertarget="transfer">Transfer</button>
      <form method="post" action={`${address}/closure`} data-quiet="">
        <button type="submit">Close</button>
      </form>
    </>
  );
}

export interface TransferFormProps {
  session: Session;
  agent: Agent;
  agents: readonly Agent[];
}

/** Stands outside of the head, so that a push leaves alone what is being filled in. */
export function TransferForm({ session, agent, agents }: TransferFormProps) {
  const present = agents
    .filter(({ id, status }) => status !== "offline" && id !== session.assignedAgent)
    .sort((a, b) => Number(b.id === agent.id) - Number(a.id === agent.id));
  return (
    <form
      id="transfer"
      class="menu stack"
      popover="auto"
      method="post"
      action={`/agent/sessions/${session.id}/transfer`}
    >
      <div class="field">
        <label for="to">To</label>
        <select id="to" name="to">
          {present.map(({ id, name, carrying, capacity }) => (
            <option value={id}>
              {id === agent.id ? `${name} (you)` : name} · {carrying} of {capacity} open
            </option>
          ))}
          <option value="ai">The assistant</option>
        </select>
      </div>
      <div class="field">
        <label for="note">Note for colleagues</label>
        <textarea id="note" name="note" rows={3} maxlength={MAX_NOTE} aria-describedby="note-hint">
        </textarea>
        <p class="hint" id="note-hint">The customer never sees it.</p>
      </div>
      <button type="submit" class="primary">Hand over</button>
    </form>
  );
}
