/** Repeats that take turns, their medians and spreads, and the table. */
import type { Use } from "./processes.ts";

export interface Sample {
  readonly value: number;
  readonly use?: Use;
}

export interface Target {
  readonly is: "≥" | "≤" | "≈";
  readonly value: number;
}

export interface Row {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly ours: readonly Sample[];
  readonly floor: readonly Sample[];
  /** Missing where the row only informs. */
  readonly target?: Target;
  readonly note?: string;
}

export interface Size {
  readonly quick: boolean;
  readonly repeats: number;
  /** The first in a full run, the second in a quick one. */
  of(full: number, quick: number): number;
}

/** What a file of rows offers. */
export interface Group {
  readonly name: string;
  run(size: Size): Promise<readonly Row[]>;
}

const NEAR = 0.1;
const FULL = 0.9;

/** Each in turn, again and again, so that what else the machine does meets all of them alike. */
export async function inTurns<Name extends string>(
  repeats: number,
  variants: Readonly<Record<Name, () => Promise<Sample>>>,
): Promise<Record<Name, Sample[]>> {
  const names = Object.keys(variants) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    Sample[]
  >;
  for (let i = 0; i < repeats; i++) {
    for (const name of names) samples[name].push(await variants[name]());
  }
  return samples;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? sorted[middle]!
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
};

export const valuesOf = (samples: readonly Sample[]): number[] => samples.map((s) => s.value);

export function ratiosOf({ ours, floor }: Row): number[] {
  return ours.map(({ value }, i) => value / (floor[i]?.value ?? NaN));
}

export function isMet(row: Row): boolean | undefined {
  const { target } = row;
  if (!target) return undefined;
  const ratio = median(ratiosOf(row));
  if (target.is === "≥") return ratio >= target.value;
  if (target.is === "≤") return ratio <= target.value;
  return Math.abs(ratio / target.value - 1) <= NEAR;
}

export function number(value: number): string {
  if (value >= 100) return Math.round(value).toLocaleString("en-US");
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** "server 97 %, client 41 %"; a client that has no more to give is named. */
function useOf(samples: readonly Sample[]): string {
  const uses = samples.flatMap(({ use }) => use ?? []);
  if (uses.length === 0) return "";
  const server = median(uses.map((use) => use.server));
  const client = median(uses.map((use) => use.client));
  const shown = `${Math.round(server * 100)}/${Math.round(client * 100)}`;
  return client > FULL && client > server ? `${shown} client is the limit!` : shown;
}

/**
 * The ratio of what a second of the server's processor time gives: steadier than the other where the machine does something
 * else meanwhile, but without the waits for the disk.
 */
function perCpu({ ours, floor, unit }: Row): string {
  const each = (samples: readonly Sample[]) =>
    median(samples.flatMap(({ value, use }) => use ? value / use.server : []));
  const ratio = each(ours) / each(floor);
  return unit.endsWith("/s") && Number.isFinite(ratio) ? number(ratio) : "";
}

const HEAD = ["row", "what", "ours", "floor", "ratio", "spread", "target", ""];
const LOAD = ["ratio by CPU", "CPU % server/client, ours", "floor"];

function cells(row: Row): string[] {
  const ratios = ratiosOf(row);
  const met = isMet(row);
  const last = { true: "ok", false: "MISSED", undefined: "" }[String(met)] ?? "";
  return [
    row.id,
    row.what,
    `${number(median(valuesOf(row.ours)))} ${row.unit}`,
    `${number(median(valuesOf(row.floor)))} ${row.unit}`,
    number(median(ratios)),
    `${number(Math.min(...ratios))}–${number(Math.max(...ratios))}`,
    row.target ? `${row.target.is} ${row.target.value}` : "",
    last,
    perCpu(row),
    useOf(row.ours),
    useOf(row.floor),
  ];
}

/** A Markdown table, aligned. */
export function table(rows: readonly Row[]): string {
  const head = [...HEAD, ...LOAD];
  const lines = [head, ...rows.map(cells)];
  const widths = head.map((_, i) => Math.max(3, ...lines.map((line) => line[i]?.length ?? 0)));
  const drawn = lines.map((line) =>
    `| ${line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(" | ")} |`
  );
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const notes = rows.flatMap(({ id, note }) => note ? [`${id}: ${note}`] : []);
  return [drawn[0], rule, ...drawn.slice(1), "", ...notes].join("\n");
}
