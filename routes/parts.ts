/** What the routes are given, and what a request carries on its way through them. */
import type { Accounts } from "../services/accounts.ts";
import type { Advice } from "../services/advice.ts";
import type { Bus } from "../services/bus.ts";
import type { Chat, CustomerActor } from "../services/chat.ts";
import type { Clock } from "../services/clock.ts";
import type { Config } from "../services/config.ts";
import type { AgentActor, Desk } from "../services/desk.ts";
import type { Later } from "../services/later.ts";
import type { Library } from "../services/library.ts";
import type { Limits } from "../services/limits.ts";
import type { Log } from "../services/log.ts";
import type { Presence } from "../services/presence.ts";
import type { SignedIn, SignIns } from "../services/sign_ins.ts";
import type { Store } from "../services/store.ts";
import type { Site } from "../views/layout.tsx";
import type { Metrics } from "./health.ts";
import type { Sockets } from "./sockets.ts";
import type { LiveSocket } from "./transport.ts";

export interface Parts {
  readonly config: Config;
  readonly site: Site;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly later: Later;
  readonly bus: Bus;
  readonly accounts: Accounts;
  readonly advice: Advice;
  readonly signIns: SignIns;
  readonly chat: Chat;
  readonly desk: Desk;
  readonly presence: Presence;
  readonly library: Library;
  readonly limits: Limits;
  readonly metrics: Metrics;
  readonly sockets: Sockets;
}

export interface Identity extends SignedIn {
  readonly via: "bearer" | "cookie" | "ticket";
}

export interface Env {
  Bindings: {
    /** The other end of the connection. */
    readonly remote: string;
    /** Makes a socket of the request, once its handler has returned; missing where it asks for none. */
    readonly takeOver?: (then: (socket: LiveSocket) => void) => void;
  };
  Variables: {
    requestId: string;
    /** To be given to the answer, where it hasn't these. */
    headers: Readonly<Record<string, string>>;
    /** The answer will have a cookie. */
    setsCookie: true;
    /** Whoever the request proves to be, the one who counts first. */
    identities: readonly Identity[];
    customer: CustomerActor;
    agent: AgentActor;
    /** Of `customer` or `agent`. */
    signInId: string;
  };
}
