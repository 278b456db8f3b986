/** What every store must do. An adapter is one when these pass over it. */
import type { Store } from "../services/store.ts";
import { agentsContract } from "./contract/agents.ts";
import { Cast } from "./contract/cast.ts";
import { changesContract } from "./contract/changes.ts";
import { customersContract } from "./contract/customers.ts";
import { listsContract } from "./contract/lists.ts";
import { messagesContract } from "./contract/messages.ts";
import { sessionsContract } from "./contract/sessions.ts";
import { signInsContract } from "./contract/sign_ins.ts";

/**
 * Registers the tests over fresh stores from `open`, and with `openTwo`, which opens one fresh database twice, those
 * about several processes.
 */
export function storeContract(
  name: string,
  open: () => Promise<Store>,
  openTwo?: () => Promise<readonly [Store, Store]>,
): void {
  const test = (sentence: string, body: (cast: Cast) => Promise<void>) =>
    register(`${name}: ${sentence}`, async () => {
      await using store = await open();
      await body(new Cast(store));
    });
  const testOfTwo = (sentence: string, body: (cast: Cast, other: Cast) => Promise<void>) => {
    if (!openTwo) return;
    register(`${name}: ${sentence}`, async () => {
      const [first, second] = await openTwo();
      await using one = first;
      await using other = second;
      await body(new Cast(one), new Cast(other));
    });
  };
  customersContract(test);
  agentsContract(test, testOfTwo);
  signInsContract(test, testOfTwo);
  sessionsContract(test, testOfTwo);
  listsContract(test);
  messagesContract(test, testOfTwo);
  changesContract(test, testOfTwo);
  test("it answers a ping", ({ store }) => store.ping());
}

const register = (name: string, fn: () => Promise<void>): void =>
  Deno.test({ name, fn, sanitizeOps: true, sanitizeResources: true });
