/** The agents' desk: lists, and the conversation that is open. */
import type { Agent, AgentStatus, Customer, Session, SessionEvent } from "../services/domain.ts";
import { type AdviceProps, AdviceRegion } from "./advice.tsx";
import { AgentPage } from "./agent_page.tsx";
import { Briefing, type BriefingProps } from "./briefing.tsx";
import { Newer } from "./chat.tsx";
import { Connection, SendError } from "./composer.tsx";
import { Conversation } from "./conversation.tsx";
import { Details } from "./customer.tsx";
import { DeskFoot, mayReply } from "./desk_foot.tsx";
import { DeskHead, TransferForm } from "./desk_head.tsx";
import {
  deskAddress,
  DeskLists,
  type DeskListsProps,
  type DeskView,
  placeOf,
  Search,
  StatusForm,
} from "./desk_lists.tsx";
import type { Site } from "./layout.tsx";

export interface OpenConversation {
  session: Session;
  customer: Customer;
  /** `seq` of the first message. */
  first?: number | undefined;
  hasEarlier?: boolean | undefined;
  hasLater?: boolean | undefined;
  briefing?: BriefingProps | undefined;
  /** The customer's other sessions, newest first. */
  others: readonly Session[];
  events: readonly SessionEvent[];
  /** Whom it may be transferred to. */
  agents: readonly Agent[];
  clientId: string;
  /** A reply that was not sent, and why; `held`: it may be sent anyway. */
  draft?: string | undefined;
  problem?: string | undefined;
  held?: boolean | undefined;
  advice?: AdviceProps | undefined;
}

export interface DeskProps {
  site: Site;
  agent: Agent;
  lists: DeskListsProps;
  open?: OpenConversation | undefined;
  /** Address of the socket that keeps the page as it should be. */
  live: string;
  now: Date;
}

const TO_BOX = { to: "text", label: "Skip to the message box" };
const TO_LISTS = { to: "desk-lists", label: "Skip to the lists" };

export function DeskPage({ site, agent, lists, open, live, now }: DeskProps) {
  const toBox = open && mayReply(open.session, agent);
  return (
    <AgentPage
      site={site}
      agent={agent}
      here="desk"
      title={open?.session.userName ?? "Conversations"}
      skip={toBox ? TO_BOX : open ? undefined : TO_LISTS}
      data={{
        "data-session": open?.session.id,
        "data-list": lists.list,
        "data-past": open?.hasLater ? "" : undefined,
      }}
    >
      {open
        ? (
          <>
            <Lists site={site} agent={agent} lists={lists} title="h2" />
            <Talk site={site} agent={agent} view={lists} open={open} now={now} />
          </>
        )
        : (
          <main id="main" class="whole" tabindex={-1}>
            <Lists site={site} agent={agent} lists={lists} title="h1" />
            <NothingOpen status={agent.status} here={deskAddress(lists)} />
          </main>
        )}
      <div hx-ws:connect={live} hx-swap="none"></div>
    </AgentPage>
  );
}

function Lists({ site, agent, lists, title: Title }: {
  site: Site;
  agent: Agent;
  lists: DeskListsProps;
  title: "h1" | "h2";
}) {
  return (
    <section class="lists" aria-label="Conversations">
      <Title class="unseen">Conversations</Title>
      <StatusForm agent={agent} here={deskAddress(lists)} />
      <Search site={site} list={lists.list} q={lists.q} />
      <DeskLists {...lists} />
    </section>
  );
}

function NothingOpen({ status, here }: { status: AgentStatus; here: string }) {
  return (
    <div class="talk nothing">
      <div class="empty">
        <h2>Nothing open</h2>
        <WhatNext status={status} />
      </div>
      <div class="dock">
        <SendError />
        <Connection here={here} />
      </div>
    </div>
  );
}

/** What to do next, where nothing is open. */
export function WhatNext({ status }: { status: AgentStatus }) {
  return (
    <p id="next" class="soft">
      {status === "offline"
        ? "You are offline. Set yourself available, and the next customer comes to you."
        : "Pick a conversation on the left. New ones come to you by themselves while you are available."}
    </p>
  );
}

interface TalkProps {
  site: Site;
  agent: Agent;
  view: DeskView;
  open: OpenConversation;
  now: Date;
}

function Talk({ site, agent, view, open, now }: TalkProps) {
  const { session, customer, others, events, agents, clientId, draft, problem, held } = open;
  const place = placeOf(view);
  const here = deskAddress(view);
  return (
    <>
      <main id="main" class="talk" tabindex={-1}>
        <DeskHead site={site} agent={agent} session={session} place={place} />
        {session.status === "open" && (
          <TransferForm session={session} agent={agent} agents={agents} />
        )}
        <Briefing briefing={open.briefing} />
        <Conversation {...open} viewer="agent" here={here} now={now} />
        <div class="dock">
          <Newer />
          <AdviceRegion advice={open.advice} />
          <SendError
            problem={problem}
            held={held}
            unsent={mayReply(session, agent) ? undefined : draft}
          />
          <DeskFoot
            site={site}
            agent={agent}
            session={session}
            clientId={clientId}
            draft={draft}
          />
          <Connection here={here} />
        </div>
      </main>
      <aside class="side" id="side" popover="auto" aria-label="Details">
        <Details customer={customer} others={others} events={events} place={place} />
      </aside>
    </>
  );
}
