/** Times as they are read: drawn in UTC, and drawn again by app.js in the reader's zone (`data-as` tells it how). */

const format = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...options });

const CLOCK = format({ hour: "2-digit", minute: "2-digit" });
const DAY = format({ day: "numeric", month: "long" });
const SHORT_DAY = format({ day: "numeric", month: "short" });
const YEAR_DAY = format({ day: "numeric", month: "short", year: "numeric" });
const MONTH = format({ month: "long", year: "numeric" });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export const clock = (at: Date): string => CLOCK.format(at);
/** "12 May": what a day separator says. */
export const day = (at: Date): string => DAY.format(at);
const full = (at: Date): string => `${YEAR_DAY.format(at)}, ${clock(at)} UTC`;

export const isSameDay = (one: Date, other: Date): boolean =>
  one.toISOString().slice(0, 10) === other.toISOString().slice(0, 10);

/** "now", "6 min", "10:02", "12 May", "12 May 2024". */
export function ago(at: Date, now: Date): string {
  const passed = now.getTime() - at.getTime();
  if (passed < MINUTE) return "now";
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min`;
  if (isSameDay(at, now)) return clock(at);
  return at.getUTCFullYear() === now.getUTCFullYear() ? SHORT_DAY.format(at) : YEAR_DAY.format(at);
}

/** Whole minutes that have passed. */
export const minutesSince = (at: Date, now: Date): number =>
  Math.floor((now.getTime() - at.getTime()) / MINUTE);

/** "10:02" */
export function Clock({ at }: { at: Date }) {
  return <time datetime={at.toISOString()} title={full(at)}>{clock(at)}</time>;
}

export function Ago({ at, now }: { at: Date; now: Date }) {
  return <time data-as="ago" datetime={at.toISOString()} title={full(at)}>{ago(at, now)}</time>;
}

/** "3 min", "2 h": for how long. */
export function Lasting({ since, now }: { since: Date; now: Date }) {
  const minutes = Math.max(1, minutesSince(since, now));
  return (
    <time data-as="lasting" datetime={since.toISOString()} title={full(since)}>
      {minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`}
    </time>
  );
}

/** "12 May 2025" */
export function Day({ at }: { at: Date }) {
  return (
    <time data-as="day" datetime={at.toISOString()} title={full(at)}>
      {YEAR_DAY.format(at)}
    </time>
  );
}

/** "March 2024" */
export function Month({ at }: { at: Date }) {
  return (
    <time data-as="month" datetime={at.toISOString()} title={full(at)}>{MONTH.format(at)}</time>
  );
}
