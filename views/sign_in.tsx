import { MAX_EMAIL, MAX_NAME, MIN_PASSWORD } from "../services/domain.ts";
import { Field, FormError, type FormState, Next } from "./field.tsx";
import { Layout, type Site } from "./layout.tsx";

export interface SignInProps extends FormState {
  site: Site;
  next?: string | undefined;
}

const withNext = (path: string, next: string | undefined): string =>
  next ? `${path}?next=${encodeURIComponent(next)}` : path;

export function LoginPage({ site, next, ...form }: SignInProps) {
  return (
    <Layout site={site} title="Sign in" bare>
      <div class="card narrow">
        <h1>Sign in</h1>
        <form method="post" action="/login" class="stack">
          <Next next={next} />
          <FormError errors={form.errors} />
          <Email {...form} />
          <Field label="Password" name="password" type="password" {...form} {...CURRENT} />
          <button type="submit" class="primary">Sign in</button>
        </form>
        <p class="soft">
          New here? <a href={withNext("/register", next)}>Create account</a>
        </p>
        <Guest next={next} {...form} />
      </div>
    </Layout>
  );
}

export const CURRENT = { autocomplete: "current-password" } as const;
export const NEW = {
  type: "password",
  autocomplete: "new-password",
  min: MIN_PASSWORD,
  hint: `At least ${MIN_PASSWORD} characters`,
} as const;

export function Email(form: FormState) {
  return (
    <Field
      label="Email"
      name="email"
      type="email"
      autocomplete="username"
      max={MAX_EMAIL}
      {...form}
    />
  );
}

function Guest({ next, ...form }: { next?: string | undefined } & FormState) {
  return (
    <form method="post" action="/guest" class="stack apart" id="guest">
      <Next next={next} />
      <p class="soft">No account needed: tell us what to call you, and begin.</p>
      <Field label="Name" name="name" autocomplete="name" max={MAX_NAME} {...form} />
      <button type="submit">Continue as guest</button>
    </form>
  );
}

export function RegisterPage({ site, next, ...form }: SignInProps) {
  return (
    <Layout site={site} title="Create account" bare>
      <div class="card narrow">
        <h1>Create account</h1>
        <p class="soft">Keep your chats together, and read them from any device.</p>
        <form method="post" action="/register" class="stack">
          <Next next={next} />
          <FormError errors={form.errors} />
          <Field label="Name" name="name" autocomplete="name" max={MAX_NAME} {...form} />
          <Email {...form} />
          <Field label="Password" name="password" {...NEW} {...form} />
          <button type="submit" class="primary">Create account</button>
        </form>
        <p class="soft">
          Have an account? <a href={withNext("/login", next)}>Sign in</a>
        </p>
        <p class="soft apart">
          In a hurry? <a href={`${withNext("/login", next)}#guest`}>Continue as guest</a>
        </p>
      </div>
    </Layout>
  );
}

export interface ResetProps extends FormState {
  site: Site;
  /** Where it posts to; missing when the link is spent or too old. */
  action?: string | undefined;
}

export function ResetPage({ site, action, ...form }: ResetProps) {
  return (
    <Layout site={site} title="New password" bare>
      <div class="card narrow">
        <h1>Choose a new password</h1>
        {action === undefined
          ? <p>This link has been used or is too old. Ask for another one.</p>
          : (
            <form method="post" action={action} class="stack">
              <FormError errors={form.errors} />
              <Field label="New password" name="password" {...NEW} {...form} />
              <button type="submit" class="primary">Save password</button>
            </form>
          )}
      </div>
    </Layout>
  );
}
