import { MAX_NAME } from "../services/domain.ts";
import { Field, FormError, type FormState, Next } from "./field.tsx";
import { Layout, type Site } from "./layout.tsx";
import { CURRENT, Email, NEW, type SignInProps } from "./sign_in.tsx";

export function AgentLoginPage({ site, next, ...form }: SignInProps) {
  return (
    <Layout site={site} title="Agent desk" bare>
      <div class="card narrow">
        <h1>Agent desk</h1>
        <p class="soft">Where {site.company}'s conversations are answered.</p>
        <form method="post" action="/agent/login" class="stack">
          <Next next={next} />
          <FormError errors={form.errors} />
          <Email {...form} />
          <Field label="Password" name="password" type="password" {...form} {...CURRENT} />
          <button type="submit" class="primary">Sign in</button>
        </form>
        <p class="soft apart">
          New on the team? <a href="/agent/register">Create account</a>
        </p>
      </div>
    </Layout>
  );
}

export interface AgentRegisterProps extends FormState {
  site: Site;
  /** `first`: nobody has registered yet. `invited`: the link is good. `spent`: it isn't any more. `closed`: there is none. */
  door: keyof typeof DOORS;
  invite?: string | undefined;
  /** Ask for the setup code. */
  asksCode?: boolean | undefined;
}

const DOORS = {
  first: "You are the first on the team, so you will be its admin.",
  invited: "You were invited to answer customers here.",
  spent:
    "This link has been used or is too old. Agents join by invitation: ask an admin of your team for another.",
  closed: "Agents join by invitation. Ask an admin of your team for a link, and open it here.",
} as const;

export function AgentRegisterPage({ site, door, ...rest }: AgentRegisterProps) {
  return (
    <Layout site={site} title="Join the team" bare>
      <div class="card narrow">
        <h1>Join {site.company}'s team</h1>
        <p class="soft">{DOORS[door]}</p>
        {door === "spent" || door === "closed"
          ? <FormError errors={rest.errors} />
          : <AgentForm {...rest} />}
        <p class="soft apart">
          Already on the team? <a href="/agent/login">Sign in</a>
        </p>
      </div>
    </Layout>
  );
}

function AgentForm({ invite, asksCode, ...form }: Omit<AgentRegisterProps, "site" | "door">) {
  return (
    <form method="post" action="/agent/register" class="stack">
      {invite && <input type="hidden" name="invite" value={invite} />}
      <FormError errors={form.errors} />
      <Field label="Name" name="name" autocomplete="name" max={MAX_NAME} {...form} />
      <Email {...form} />
      <Field label="Password" name="password" {...NEW} {...form} />
      {asksCode && <Field label="Setup code" name="code" autocomplete="off" {...form} />}
      <button type="submit" class="primary">Create account</button>
    </form>
  );
}
