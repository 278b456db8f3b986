/** One JSON line per event. Callers name what they log; whole requests, bodies and tokens are never handed in. */
import type { LogLevel } from "./config.ts";
import { Fault } from "./errors.ts";

type Fields = Readonly<Record<string, unknown>>;

/** An `error` that was told already is said again at `debug` only. */
export interface Log {
  debug(event: string, fields?: Fields): void;
  info(event: string, fields?: Fields): void;
  warn(event: string, fields?: Fields): void;
  error(event: string, fields?: Fields): void;
}

const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

// deno-lint-ignore no-console -- the one owner of the console
export function openLog(level: LogLevel, write: (line: string) => void = console.log): Log {
  const at = (usual: LogLevel) => (event: string, fields: Fields = {}) => {
    const own = fields.error instanceof Fault && fields.error.isTold ? "debug" : usual;
    if (LEVELS.indexOf(own) < LEVELS.indexOf(level)) return;
    write(JSON.stringify({ time: new Date().toISOString(), level: own, event, ...fields }, plain));
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** Errors have no enumerable properties: JSON would show `{}`. A fault is no bug, so where it arose says nothing. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Fault) {
    const { code, message, cause } = value;
    return { code, message, reason: cause instanceof Error ? cause.message : undefined };
  }
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, message, stack, cause };
}
