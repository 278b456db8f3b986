/** The right of the desk: whom one is talking to, and what happened. */
import type { Customer, Session, SessionEvent } from "../services/domain.ts";
import { Events } from "./events.tsx";
import { Day, Month } from "./time.tsx";

export interface DetailsProps {
  customer: Customer;
  /** The customer's other sessions, newest first. */
  others: readonly Session[];
  events: readonly SessionEvent[];
  /** The list's part that this was found in, as a query. */
  place: string;
}

export function Details({ customer, others, events, place }: DetailsProps) {
  return (
    <div id="details">
      <section aria-labelledby="about">
        <h2 id="about">Customer</h2>
        <dl>
          <dt>Name</dt>
          <dd>
            <bdi>{customer.name}</bdi>
          </dd>
          <dt>E-mail</dt>
          <dd>{customer.email ?? <span class="soft">none, a guest</span>}</dd>
          <dt>Since</dt>
          <dd>
            <Month at={customer.createdAt} />
          </dd>
        </dl>
      </section>
      <section aria-labelledby="earlier-title">
        <h2 id="earlier-title">Earlier conversations</h2>
        {others.length === 0 ? <p class="soft">This is the first.</p> : (
          <ul>
            {others.map((session) => <Earlier session={session} place={place} />)}
          </ul>
        )}
      </section>
      <section aria-labelledby="happened">
        <h2 id="happened">What happened and why</h2>
        <Events events={events} />
      </section>
    </div>
  );
}

function Earlier({ session, place }: { session: Session; place: string }) {
  return (
    <li>
      <a class="words" href={`/agent/sessions/${session.id}?${place}`}>
        {session.subject ?? "Nothing was written"}
      </a>
      <p class="soft">
        <Day at={session.createdAt} />
        {session.rating !== undefined && ` · rated ${session.rating}`}
      </p>
    </li>
  );
}
