/** The left of the desk: the agent's status, the search, the lists. */
import { type Agent, DESK_LISTS, type DeskList, type SessionRow } from "../services/domain.ts";
import { counted, DeskRow } from "./desk_row.tsx";
import { Next } from "./field.tsx";
import { Icon } from "./icon.tsx";
import type { Site } from "./layout.tsx";

export const LIST_NAMES = {
  mine: "Mine",
  waiting: "Waiting",
  ai: "AI",
  others: "Others",
  closed: "Closed",
} as const satisfies Record<DeskList, string>;

const EMPTY = {
  mine: "Nobody is with you. While you are available, the next customer comes by itself.",
  waiting: "Nobody waits for a person.",
  ai: "The assistant is talking to nobody. You can watch here, and take over.",
  others: "Your colleagues have no open conversations.",
  closed: "Nothing has been closed yet.",
} as const satisfies Record<DeskList, string>;

const STATUSES = [["available", "Available"], ["busy", "Busy"], ["offline", "Offline"]] as const;

export interface StatusFormProps {
  agent: Agent;
  /** The page's own address: without JavaScript it comes back there. */
  here: string;
}

export function StatusForm({ agent, here }: StatusFormProps) {
  return (
    <form id="status" class="status" method="post" action="/agent/status" data-quiet="">
      <Next next={here} />
      <div>
        {STATUSES.map(([value, label]) => (
          <button
            type="submit"
            name="status"
            value={value}
            aria-pressed={value === agent.status ? "true" : "false"}
          >
            {label}
          </button>
        ))}
      </div>
      <p class="hint" aria-live="polite">{roomOf(agent)}</p>
    </form>
  );
}

/** Whoever is available with no place left is shown as busy: then it says why. */
function roomOf({ chosen, status, carrying, capacity }: Agent): string {
  const open = `${carrying} of ${capacity} open`;
  if (chosen !== "available" || status !== "busy") return open;
  const over = carrying - capacity + 1;
  return `${open}: busy until ${over === 1 ? "one ends" : `${over} end`}`;
}

export interface DeskPlace {
  list: DeskList;
  /** What was searched for: then the rows are what was found, in all lists. */
  q?: string | undefined;
  /** The last row of the page before. */
  after?: string | undefined;
}

export interface DeskView extends DeskPlace {
  /** The session that is open. */
  current?: string | undefined;
}

/** As a query: who opens a conversation keeps the list that it was found in. */
export function placeOf({ list, q, after }: DeskPlace): string {
  return String(new URLSearchParams({ list, ...(q && { q }), ...(after && { after }) }));
}

/** Of the desk with what is open on it. */
export const deskAddress = (view: DeskView): string =>
  `/agent${view.current ? `/sessions/${view.current}` : ""}?${placeOf(view)}`;

export function Search({ site, list, q }: { site: Site; list: DeskList; q?: string | undefined }) {
  return (
    <form method="get" action="/agent" role="search" class="search">
      <label class="unseen" for="q">Search</label>
      <Icon site={site} name="search" />
      <input id="q" name="q" type="search" value={q} placeholder="Search" />
      <input type="hidden" name="list" value={list} />
    </form>
  );
}

export interface DeskListsProps extends DeskView {
  counts: Readonly<Record<DeskList, number>>;
  rows: readonly SessionRow[];
  /** Messages that the agent hasn't seen, in all of their own. */
  unread: number;
  /** There are rows after these. */
  hasMore: boolean;
  /** The reader's id: "You: …". */
  me?: string | undefined;
  now: Date;
}

export function DeskLists(props: DeskListsProps) {
  const { list, counts, rows, q, after, current, unread, hasMore, me, now } = props;
  const place = placeOf(props);
  return (
    <div id="desk-lists" data-unread={unread} data-place={place}>
      <nav class="tabs" aria-label="Lists">
        {DESK_LISTS.map((name) => (
          <Tab name={name} count={counts[name]} isHere={name === list && !q} />
        ))}
      </nav>
      {q && <p class="found">{found(q, rows.length, hasMore)}</p>}
      {after && <a class="more" href={`/agent?list=${list}`}>Newest</a>}
      {rows.length === 0 && !q && <p class="none">{EMPTY[list]}</p>}
      <ul class="rows" aria-label={q ? "Found" : LIST_NAMES[list]}>
        {rows.map((row) => (
          <DeskRow row={row} place={place} me={me} isOpen={row.id === current} now={now} />
        ))}
      </ul>
      {hasMore && !q && (
        <a class="more" href={`/agent?${placeOf({ list, after: rows.at(-1)?.id })}`}>More</a>
      )}
    </div>
  );
}

function found(q: string, n: number, hasMore: boolean): string {
  if (n === 0) return `Nothing about “${q}”. Try fewer words.`;
  return hasMore ? `The newest ${n} for “${q}”. More words find less.` : `${n} found for “${q}”`;
}

/** The link is called by the list's name alone; its count describes it. */
function Tab({ name, count, isHere }: { name: DeskList; count: number; isHere: boolean }) {
  return (
    <a
      href={`/agent?list=${name}`}
      aria-describedby={`count-${name}`}
      aria-current={isHere ? "page" : undefined}
    >
      {LIST_NAMES[name]} <span id={`count-${name}`} aria-hidden="true">{counted(count)}</span>
    </a>
  );
}
