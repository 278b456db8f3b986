import { MAX_EMAIL } from "../services/domain.ts";
import type { Agent } from "../services/domain.ts";
import { AgentPage } from "./agent_page.tsx";
import { Avatar } from "./avatar.tsx";
import { Field, FormError, type FormState } from "./field.tsx";
import type { Site } from "./layout.tsx";

export interface TeamProps extends FormState {
  site: Site;
  agent: Agent;
  agents: readonly Agent[];
  /** A link just made, shown this once. */
  invitation?: string | undefined;
  reset?: { name: string; link: string } | undefined;
}

export function TeamPage({ site, agent, agents, invitation, reset, ...form }: TeamProps) {
  return (
    <AgentPage site={site} agent={agent} title="Team" here="team">
      <div class="sheet">
        <h1>Team</h1>
        {reset && (
          <Link label="Password link" link={reset.link}>
            {`Give it to ${reset.name}. It works once, within an hour.`}
          </Link>
        )}
        <ul class="cards">
          {agents.map((one) => <Member member={one} isMe={one.id === agent.id} />)}
        </ul>
        <Invite {...form} />
        {invitation && (
          <Link label="Invitation link" link={invitation}>
            It works once, within 7 days. It isn't shown again.
          </Link>
        )}
      </div>
    </AgentPage>
  );
}

const STATUS = { available: "Available", busy: "Busy", offline: "Offline" } as const;

function Member({ member, isMe }: { member: Agent; isMe: boolean }) {
  const { id, name, email, role, status, carrying, capacity } = member;
  return (
    <li class="member">
      <Avatar name={name} presence={status} />
      <div class="grow">
        <p>
          <b>{name}</b> {isMe && <span class="soft">you</span>}{" "}
          {role === "admin" && <span class="badge">Admin</span>}
        </p>
        <p class="soft">{email}</p>
      </div>
      <p class="soft">
        {STATUS[status]} · {carrying} of {capacity} open
      </p>
      <form method="post" action={`/agent/team/${id}/reset`}>
        <button type="submit" aria-label={`Reset link for ${name}`}>Reset link</button>
      </form>
    </li>
  );
}

function Invite(form: FormState) {
  return (
    <form method="post" action="/agent/team/invitations" class="stack apart">
      <h2>Invite a colleague</h2>
      <FormError errors={form.errors} />
      <div class="fields">
        <Field
          label="Email"
          name="email"
          type="email"
          autocomplete="off"
          max={MAX_EMAIL}
          hint="May stay empty: then the link works for anyone who has it."
          optional
          {...form}
        />
        <div class="field">
          <label for="role">Role</label>
          <select id="role" name="role">
            <option value="agent" selected={form.values?.role !== "admin"}>Agent</option>
            <option value="admin" selected={form.values?.role === "admin"}>Admin</option>
          </select>
        </div>
      </div>
      <button type="submit" class="primary">Invite</button>
    </form>
  );
}

function Link({ label, link, children }: { label: string; link: string; children: string }) {
  return (
    <div class="field box" role="status">
      <label for="link">{label}</label>
      <input id="link" readonly value={link} aria-describedby="link-note" />
      <p class="hint" id="link-note">{children}</p>
    </div>
  );
}
