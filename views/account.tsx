/** Name, password and sign-ins, the same for customers and agents. */
import { MAX_CAPACITY, MAX_NAME, MIN_PASSWORD } from "../services/domain.ts";
import type { Agent } from "../services/domain.ts";
import { AgentPage } from "./agent_page.tsx";
import { Field, FormError, type FormState } from "./field.tsx";
import { Layout, SignOut, type Site, type Viewer } from "./layout.tsx";

/** Which of the forms was just saved. */
export type Saved = "name" | "password" | "capacity";

interface Props extends FormState {
  site: Site;
  saved?: Saved | undefined;
}

export interface AccountProps extends Props {
  viewer: Viewer;
  email?: string | undefined;
}

export function AccountPage({ site, viewer, email, ...form }: AccountProps) {
  return (
    <Layout site={site} title="Account" viewer={viewer}>
      <div class="card narrow">
        <h1>Account</h1>
        <p class="soft">
          {email ?? "You are a guest: your chats are kept as long as you stay signed in here."}
        </p>
        <Rename base="/account" name={viewer.name} {...form} />
        {!viewer.guest && <NewPassword base="/account" {...form} />}
        <SignOuts base="/account" />
      </div>
    </Layout>
  );
}

export interface AgentAccountProps extends Props {
  agent: Agent;
}

export function AgentAccountPage({ site, agent, ...form }: AgentAccountProps) {
  return (
    <AgentPage site={site} agent={agent} title="Account" here="account">
      <div class="sheet narrow">
        <h1>Account</h1>
        <p class="soft">{agent.email} · {agent.role}</p>
        <Rename base="/agent/account" name={agent.name} {...form} />
        <Capacity capacity={agent.capacity} {...form} />
        <NewPassword base="/agent/account" {...form} />
        <SignOuts base="/agent/account" />
        <SignOut action="/agent/logout" />
      </div>
    </AgentPage>
  );
}

interface SectionProps extends FormState {
  base: string;
  saved?: Saved | undefined;
}

function Save({ label, done }: { label: string; done: boolean }) {
  return (
    <div class="row">
      <button type="submit">{label}</button>
      {done && <span class="done soft" role="status">Saved</span>}
    </div>
  );
}

function Rename({ base, name, saved, values, errors }: SectionProps & { name: string }) {
  return (
    <form method="post" action={`${base}/name`} class="stack apart">
      <Field
        label="Name"
        name="name"
        autocomplete="name"
        max={MAX_NAME}
        values={{ name, ...values }}
        errors={errors}
      />
      <Save label="Save name" done={saved === "name"} />
    </form>
  );
}

function Capacity({ capacity, saved, values, errors }: Omit<SectionProps, "base"> & {
  capacity: number;
}) {
  return (
    <form method="post" action="/agent/account/capacity" class="stack apart">
      <Field
        label="Conversations at once"
        name="capacity"
        type="number"
        min={1}
        max={MAX_CAPACITY}
        hint="With as many open, you count as busy until one ends."
        values={{ capacity: String(capacity), ...values }}
        errors={errors}
      />
      <Save label="Save number" done={saved === "capacity"} />
    </form>
  );
}

function NewPassword({ base, saved, ...form }: SectionProps) {
  return (
    <form method="post" action={`${base}/password`} class="stack apart">
      <FormError errors={form.errors} />
      <Field
        label="Current password"
        name="current"
        type="password"
        autocomplete="current-password"
        {...form}
      />
      <Field
        label="New password"
        name="password"
        type="password"
        autocomplete="new-password"
        min={MIN_PASSWORD}
        hint={`At least ${MIN_PASSWORD} characters`}
        {...form}
      />
      <Save label="Change password" done={saved === "password"} />
    </form>
  );
}

function SignOuts({ base }: { base: string }) {
  return (
    <form method="post" action={`${base}/sign-outs`} class="stack apart">
      <p class="soft">Ends your sign-ins on every device and browser, this one too.</p>
      <button type="submit">Sign out everywhere</button>
    </form>
  );
}
