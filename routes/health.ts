/** Whether the process lives, whether it can work, and its numbers. */
import { timingSafeEqual } from "node:crypto";
import { createRoute, z } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { Fault } from "../services/errors.ts";
import { hashOf } from "../services/sign_ins.ts";
import { answer, api, open, refusals } from "./api/openapi.ts";
import type { Env, Parts } from "./parts.ts";
import { isThisHost } from "./security.ts";

export class Metrics {
  readonly registry = new Registry();
  readonly #requests = new Counter({
    name: "handoff_requests_total",
    help: "Requests answered",
    labelNames: ["method", "status"],
    registers: [this.registry],
  });
  readonly #seconds = new Histogram({
    name: "handoff_request_seconds",
    help: "Time from a request to its answer",
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [this.registry],
  });

  /** Reads a number when it is asked for. */
  gauge(name: string, help: string, read: () => number): void {
    const registers = [this.registry];
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  }

  readonly count = createMiddleware<Env>(async (c, next) => {
    const end = this.#seconds.startTimer();
    await next();
    end();
    this.#requests.inc({ method: c.req.method, status: String(c.res.status) });
  });
}

const alive = createRoute({
  ...open,
  method: "get",
  path: "/healthz",
  responses: { 200: answer("The process lives", z.object({ status: z.literal("ok") })) },
});
const ready = createRoute({
  ...open,
  method: "get",
  path: "/readyz",
  responses: {
    200: answer("The store answers", z.object({ status: z.literal("ready") })),
    503: refusals[503],
  },
});
const numbers = createRoute({
  method: "get",
  path: "/metrics",
  responses: {
    200: {
      description: "For Prometheus: from this host without a bearer, else with METRICS_TOKEN",
      content: { "text/plain": { schema: z.string() } },
    },
    403: refusals[403],
  },
  security: [{}, { bearer: [] }],
});

export function health(parts: Parts) {
  const { store, metrics, config } = parts;
  return api()
    .openapi(alive, (c) => c.json({ status: "ok" as const }, 200))
    .openapi(ready, async (c) => {
      await store.ping();
      return c.json({ status: "ready" as const }, 200);
    })
    .openapi(numbers, async (c) => {
      const given = /^Bearer (\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
      if (!isThisHost(c) && !isSame(given, config.metricsToken)) {
        throw new Fault("forbidden", "The numbers are for this host, or for who has the token");
      }
      const { registry } = metrics;
      return c.text(await registry.metrics(), 200, { "content-type": registry.contentType });
    });
}

/** Of hashes, so that neither length nor content shows in the time it takes. */
function isSame(given: string | undefined, expected: string | undefined): boolean {
  if (given === undefined || expected === undefined) return false;
  return timingSafeEqual(
    new TextEncoder().encode(hashOf(given)),
    new TextEncoder().encode(hashOf(expected)),
  );
}
