/** The left of the desk as an agent sees it now. */
import { type Agent, DESK_LISTS, type DeskList } from "../services/domain.ts";
import type { DeskListsProps, DeskView } from "../views/desk_lists.tsx";
import type { Parts } from "./parts.ts";

const ROWS = 30;

export const isDeskList = (name: string | undefined): name is DeskList =>
  (DESK_LISTS as readonly (string | undefined)[]).includes(name);

export async function deskLists(
  { store, clock }: Parts,
  agent: Pick<Agent, "id">,
  { list, q, after, current }: DeskView,
): Promise<DeskListsProps> {
  const { sessions } = store;
  const last = after ? await sessions.find(after) : undefined;
  const [counts, rows, mine] = await Promise.all([
    sessions.counts(agent.id),
    q
      ? sessions.search(q, ROWS + 1)
      : sessions.list(list, agent.id, { limit: ROWS + 1, ...(last && { after: last }) }),
    sessions.carriedBy(agent.id),
  ]);
  return {
    list,
    counts,
    rows: rows.slice(0, ROWS),
    hasMore: rows.length > ROWS,
    q,
    after,
    current,
    me: agent.id,
    unread: mine.reduce((sum, { unread }) => sum + unread, 0),
    now: clock.now(),
  };
}
