/** Who has a session: starting, asking for a person, taking over, transferring, the line, and agents' status. */
import type { Clock } from "./clock.ts";
import { type Actor, type Agent, type AgentStatus, type AskRule, type Session } from "./domain.ts";
import { Fault } from "./errors.ts";
import type { Destination, MoveEvent, SessionStart, Store } from "./store.ts";

export type AgentActor = Extract<Actor, { side: "agent" }>;

export class Desk {
  readonly #store: Store;
  readonly #clock: Clock;
  #serving: Promise<void> | undefined;
  #again = false;

  constructor({ store, clock }: { store: Store; clock: Clock }) {
    this.#store = store;
    this.#clock = clock;
  }

  /** The customer's open session, or a new one; whoever waits already goes first. */
  async start(start: SessionStart): Promise<{ session: Session; created: boolean }> {
    await this.serveLine();
    return await this.#store.sessions.start(start, this.#clock.now());
  }

  /** Hands the session to a free agent, or puts it in line. Asking again, or in mode `human`, changes nothing. */
  async ask(id: string, by: string, rule: AskRule): Promise<Session> {
    const asked: MoveEvent = { kind: "asked", by, rule };
    return await this.#move(id, async (session) => {
      refuseClosed(session);
      if (session.mode === "human" || session.waitingSince) return session;
      await this.serveLine();
      const assigned: MoveEvent = { kind: "assigned", reason: "fewest open chats, free longest" };
      const moved = await this.#to(session, "free", [asked, assigned]);
      return moved === "nobody" ? await this.#to(session, "waiting", [asked]) : moved;
    });
  }

  async leaveLine(id: string, by: string): Promise<Session> {
    return await this.#move(id, (session) => {
      refuseClosed(session);
      return session.waitingSince ? this.#to(session, "ai", [{ kind: "left_line", by }]) : session;
    });
  }

  /** Of two agents at once one gets it; the other's fault says who. */
  async claim(agent: AgentActor, id: string): Promise<Session> {
    return await this.#move(id, (session) => {
      refuseClosed(session);
      if (session.assignedAgent === agent.id) return session;
      if (session.mode === "human") throw alreadyAssigned(session);
      return this.#to(session, { agentId: agent.id }, [{
        kind: "taken_over",
        agentId: agent.id,
        agentName: agent.name,
        from: session.waitingSince ? "waiting" : "ai",
      }]);
    });
  }

  async transfer(by: AgentActor, id: string, to: string, note?: string): Promise<Session> {
    const noted = note ? { note } : {};
    if (to === "ai") {
      return await this.#move(id, (session) => {
        refuseClosed(session);
        if (session.mode === "ai" && !session.waitingSince) return session;
        return this.#to(session, "ai", [{ kind: "handed_back", by: by.name, ...noted }]);
      });
    }
    return await this.#move(id, async (session) => {
      refuseClosed(session);
      const agent = await this.#present(to);
      if (session.assignedAgent === agent.id) return session;
      const { id: agentId, name: agentName } = agent;
      const event: MoveEvent = { kind: "transferred", by: by.name, agentId, agentName, ...noted };
      return await this.#to(session, { agentId }, [event]);
    });
  }

  /** Ending twice is no error. */
  async close(id: string, by: string | undefined, reason: string): Promise<Session> {
    const event: MoveEvent = { kind: "closed", ...(by !== undefined && { by }), reason };
    return await this.#move(
      id,
      (session) => session.status === "closed" ? session : this.#to(session, "closed", [event]),
    );
  }

  /** Whatever a move left free, or a status, or a capacity, goes to those in line. */
  async set(agentId: string, wish: { chosen?: AgentStatus; capacity?: number }): Promise<Agent> {
    return await this.#store.agents.set(agentId, wish, this.#clock.now());
  }

  /** Takes an agent's sessions from them: to a free colleague, or back to the assistant and in line. */
  async release(agent: Pick<Agent, "id" | "name">, reason: string): Promise<void> {
    for (const { id } of await this.#store.sessions.carriedBy(agent.id)) {
      await this.#move(id, async (session) => {
        if (session.status === "closed" || session.assignedAgent !== agent.id) return session;
        await this.serveLine();
        const released: MoveEvent = { kind: "released", agentName: agent.name, reason };
        const assigned: MoveEvent = { kind: "assigned", reason: `${agent.name} is away` };
        const moved = await this.#to(session, "free", [released, assigned]);
        return moved === "nobody" ? await this.#to(session, "waiting", [released]) : moved;
      });
    }
  }

  /** Gives free places to the longest waiting, until one of both runs out. Calls at once share one round, and one more. */
  serveLine(): Promise<void> {
    this.#again = this.#serving !== undefined;
    return this.#serving ??= this.#serve();
  }

  async #serve(): Promise<void> {
    try {
      do {
        this.#again = false;
        for (let next; (next = await this.#store.sessions.nextWaiting());) {
          const reason = "the customer waited longest";
          if (await this.#to(next, "free", [{ kind: "assigned", reason }]) === "nobody") break;
        }
      } while (this.#again);
    } finally {
      this.#serving = undefined; // in the same turn as the last look at #again, so that no call is lost
    }
  }

  #to(session: Session, to: Destination, events: readonly MoveEvent[]) {
    return this.#store.sessions.move(session, to, events, this.#clock.now());
  }

  /** Decides on the session as it is, and again whenever somebody else was faster. */
  async #move(
    id: string,
    decide: (session: Session) => Promise<Session | "changed" | "nobody"> | Session,
  ): Promise<Session> {
    for (;;) {
      const session = await this.#store.sessions.find(id);
      if (!session) throw new Fault("not_found", "There is no such conversation");
      const moved = await decide(session);
      if (typeof moved !== "string") return moved;
    }
  }

  async #present(agentId: string): Promise<Agent> {
    const agent = await this.#store.agents.find(agentId);
    if (!agent) throw new Fault("not_found", "There is no such agent");
    if (agent.status !== "offline" && agent.presentUntil > this.#clock.now()) return agent;
    throw new Fault("not_present", `${agent.name} is offline`);
  }
}

function refuseClosed(session: Session): void {
  if (session.status === "closed") throw new Fault("closed", "This chat has ended");
}

function alreadyAssigned({ assignedAgent, agentName }: Session): Fault {
  return new Fault("already_assigned", `${agentName} has this chat already`, {
    ...(assignedAgent !== undefined && { assignedAgent }),
    ...(agentName !== undefined && { agentName }),
  });
}
