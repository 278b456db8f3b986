/** The left of the desk: the agent's status, the search, the lists. */
import {
  type AgentStatus,
  DESK_LISTS,
  type DeskList,
  type SessionRow,
} from "../services/domain.ts";
import { counted, DeskRow } from "./desk_row.tsx";
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

export function StatusForm({ status }: { status: AgentStatus }) {
  return (
    <form id="status" class="status" method="post" action="/agent/status" data-quiet="">
      {STATUSES.map(([value, label]) => (
        <button
          type="submit"
          name="status"
          value={value}
          aria-pressed={value === status ? "true" : "false"}
        >
          {label}
        </button>
      ))}
    </form>
  );
}

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

export interface DeskListsProps {
  list: DeskList;
  counts: Readonly<Record<DeskList, number>>;
  rows: readonly SessionRow[];
  /** What was searched for: then the rows are what was found, in all lists. */
  q?: string | undefined;
  /** The session that is open. */
  current?: string | undefined;
  /** Messages that the agent hasn't seen, in all of their own. */
  unread: number;
  /** Address of the next page of rows. */
  more?: string | undefined;
  /** The reader's id: "You: …". */
  me?: string | undefined;
  now: Date;
}

export function DeskLists(props: DeskListsProps) {
  const { list, counts, rows, q, current, unread, more, me, now } = props;
  return (
    <div id="desk-lists" data-unread={unread}>
      <nav class="tabs" aria-label="Lists">
        {DESK_LISTS.map((name) => (
          <Tab name={name} count={counts[name]} isHere={name === list && !q} />
        ))}
      </nav>
      {q && <p class="found">{found(rows.length, q)}</p>}
      {rows.length === 0 && !q && <p class="none">{EMPTY[list]}</p>}
      <ul class="rows">
        {rows.map((row) => (
          <DeskRow row={row} list={list} me={me} isOpen={row.id === current} now={now} />
        ))}
      </ul>
      {more && <a class="more" href={more}>More</a>}
    </div>
  );
}

const found = (n: number, q: string): string =>
  n === 0 ? `Nothing about “${q}”. Try fewer words.` : `${n} found for “${q}”`;

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
