/** Customers over JSON: register, sign in, or come as a guest. */
import { createRoute, z } from "@hono/zod-openapi";
import { Email, Name, Password } from "../../services/domain.ts";
import { setSignInCookie } from "../actor.ts";
import type { Parts } from "../parts.ts";
import { addressOf } from "../security.ts";
import { begin, proveInLimits } from "../signing_in.ts";
import { answer, api, body, open, refusals } from "./openapi.ts";

const Registered = z.object({
  userId: z.string(),
  name: z.string(),
  email: z.string(),
  message: z.string(),
});
const SignedIn = Registered.extend({ token: z.string() });
const GuestSignedIn = SignedIn.omit({ email: true });

const register = createRoute({
  ...open,
  method: "post",
  path: "/api/user/register",
  request: { body: body(z.object({ name: Name, email: Email, password: Password })) },
  responses: { ...refusals, 201: answer("Registered, not signed in", Registered) },
});
const login = createRoute({
  ...open,
  method: "post",
  path: "/api/user/login",
  request: {
    body: body(z.object({ email: z.string().max(1_000), password: z.string().max(1_000) })),
  },
  responses: { ...refusals, 200: answer("Signed in", SignedIn) },
});
const guest = createRoute({
  ...open,
  method: "post",
  path: "/api/user/guest",
  request: { body: body(z.object({ name: Name })) },
  responses: { ...refusals, 201: answer("Signed in as a guest", GuestSignedIn) },
});

export function users(parts: Parts) {
  const { accounts, config, limits } = parts;
  return api()
    .openapi(register, async (c) => {
      await limits.count("register", addressOf(c, config));
      const { id: userId, name, email = "" } = await accounts.registerCustomer(c.req.valid("json"));
      return c.json({ userId, name, email, message: "Account created" }, 201);
    })
    .openapi(login, async (c) => {
      const { email, password } = c.req.valid("json");
      const customer = await proveInLimits(
        c,
        parts,
        email,
        (address) => accounts.customerBy(address, password),
      );
      const token = await begin(c, parts, "user", customer.id);
      setSignInCookie(c, parts, "user", token);
      const { id: userId, name } = customer;
      return c.json(
        { userId, name, email: customer.email ?? "", token, message: "Signed in" },
        200,
      );
    })
    .openapi(guest, async (c) => {
      await limits.count("register", addressOf(c, config));
      const { id: userId, name } = await accounts.welcomeGuest(c.req.valid("json").name);
      const token = await begin(c, parts, "user", userId);
      setSignInCookie(c, parts, "user", token);
      return c.json({ userId, name, token, message: "Signed in as a guest" }, 201);
    });
}
