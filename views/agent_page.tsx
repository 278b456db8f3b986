/** What stands around every page of the agents: the rail, and room. */
import type { Child } from "hono/jsx";
import type { Agent } from "../services/domain.ts";
import { Avatar } from "./avatar.tsx";
import { Icon, type IconName } from "./icon.tsx";
import { Document, type Site } from "./layout.tsx";

export type Place = "desk" | "team" | "account";

export interface AgentPageProps {
  site: Site;
  agent: Agent;
  title: string;
  here?: Place | undefined;
  skip?: { to: string; label: string } | undefined;
  data?: Record<`data-${string}`, string | undefined> | undefined;
  children: Child;
}

export function AgentPage({ site, agent, title, here, skip, data, children }: AgentPageProps) {
  return (
    <Document
      site={site}
      title={`${title} · ${site.company}`}
      frame="desk"
      side="agent"
      skip={skip}
      data={{ ...data, "data-agent": agent.id }}
    >
      <Rail site={site} agent={agent} here={here} />
      {here === "desk" ? children : (
        <>
          <main id="main" class="room" tabindex={-1}>{children}</main>
          {/* Nothing is pushed here, but whoever has the page open is present, and keeps their conversations. */}
          <div hx-ws:connect="/agent/live" hx-swap="none"></div>
        </>
      )}
    </Document>
  );
}

const ICONS = { desk: "chats", team: "team", account: "account" } as const satisfies Record<
  Place,
  IconName
>;
const LINKS = {
  desk: { href: "/agent", label: "Conversations" },
  team: { href: "/agent/team", label: "Team" },
  account: { href: "/agent/account", label: "Account" },
} as const;

function Rail({ site, agent, here }: Pick<AgentPageProps, "site" | "agent" | "here">) {
  const places: Place[] = agent.role === "admin"
    ? ["desk", "team", "account"]
    : ["desk", "account"];
  return (
    <nav class="rail" aria-label="Desk">
      {places.map((place) => (
        <a
          href={LINKS[place].href}
          title={LINKS[place].label}
          aria-label={LINKS[place].label}
          aria-current={place === here ? "page" : undefined}
        >
          <Icon site={site} name={ICONS[place]} />
        </a>
      ))}
      <form method="post" action="/agent/logout">
        <button type="submit" class="square" aria-label="Sign out" title="Sign out">
          <Icon site={site} name="out" />
        </button>
      </form>
      <Me agent={agent} />
    </nav>
  );
}

export function Me({ agent }: { agent: Agent }) {
  return (
    <span id="me" title={agent.name}>
      <Avatar name={agent.name} presence={agent.status} />
    </span>
  );
}
