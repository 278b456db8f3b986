/** Pages for customers to register, sign in, come as a guest, sign out, and choose a new password. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import { Email, Name, Password } from "../services/domain.ts";
import { LoginPage, RegisterPage, ResetPage } from "../views/sign_in.tsx";
import { dropSignInCookie, identitiesOf, safeNext, setSignInCookie } from "./actor.ts";
import { checked, errorsOf, harmless, statusOf, type Values } from "./forms.ts";
import type { Env, Parts } from "./parts.ts";
import { addressOf } from "./security.ts";
import { begin, end, proveInLimits } from "./signing_in.ts";

const Next = { next: z.string().optional() };
const Registration = z.object({ name: Name, email: Email, password: Password, ...Next });
export const Credentials = z.object({
  email: z.string().max(1_000).regex(/\S/, "Enter your e-mail address"),
  password: z.string().max(1_000).min(1, "Enter your password"),
  ...Next,
});
const Guest = z.object({ name: Name, ...Next });

export function signInPages(parts: Parts) {
  const { accounts, config, limits, signIns, site } = parts;

  async function enter(c: Context<Env>, userId: string, next: string | undefined) {
    setSignInCookie(c, parts, "user", await begin(c, parts, "user", userId));
    return c.redirect(safeNext(next, "/chat"), 303);
  }

  return new Hono<Env>()
    .get("/register", (c) => c.html(<RegisterPage site={site} next={c.req.query("next")} />))
    .post("/register", async (c) => {
      const form = await checked(c, Registration);
      const again = (errors: Values, status: 422 | 429 = 422) =>
        c.html(
          <RegisterPage
            site={site}
            next={form.values.next}
            values={harmless(form.values)}
            errors={errors}
          />,
          status,
        );
      if ("errors" in form) return again(form.errors);
      try {
        await limits.count("register", addressOf(c, config));
        const { id } = await accounts.registerCustomer(form.data);
        return await enter(c, id, form.data.next);
      } catch (error) {
        return again(errorsOf(error), statusOf(c, error));
      }
    })
    .get("/login", (c) => c.html(<LoginPage site={site} next={c.req.query("next")} />))
    .post("/login", async (c) => {
      const form = await checked(c, Credentials);
      const again = (errors: Values, status: 422 | 429 = 422) =>
        c.html(
          <LoginPage
            site={site}
            next={form.values.next}
            values={harmless(form.values)}
            errors={errors}
          />,
          status,
        );
      if ("errors" in form) return again(form.errors);
      const { email, password, next } = form.data;
      try {
        const { id } = await proveInLimits(
          c,
          parts,
          email,
          (address) => accounts.customerBy(address, password),
        );
        return await enter(c, id, next);
      } catch (error) {
        return again(errorsOf(error), statusOf(c, error));
      }
    })
    .post("/guest", async (c) => {
      const form = await checked(c, Guest);
      if ("errors" in form) {
        const { values, errors } = form;
        return c.html(
          <LoginPage site={site} next={values.next} values={values} errors={errors} />,
          422,
        );
      }
      await limits.count("register", addressOf(c, config));
      const { id } = await accounts.welcomeGuest(form.data.name);
      return await enter(c, id, form.data.next);
    })
    .post("/logout", async (c) => {
      const [identity] = await identitiesOf(c, parts, ["user"]);
      if (identity) await end(parts, identity);
      dropSignInCookie(c, parts, "user");
      return c.redirect("/", 303);
    })
    .get("/reset/:token", async (c) => {
      const grant = await signIns.peek("reset", c.req.param("token"));
      const action = grant && c.req.path;
      return c.html(<ResetPage site={site} action={action} />, grant ? 200 : 404);
    })
    .post("/reset/:token", async (c) => {
      const form = await checked(c, z.object({ password: Password }));
      if ("errors" in form) {
        return c.html(<ResetPage site={site} action={c.req.path} errors={form.errors} />, 422);
      }
      const side = await accounts.resetPassword(c.req.param("token"), form.data.password);
      return c.redirect(side === "user" ? "/login" : "/agent/login", 303);
    });
}
