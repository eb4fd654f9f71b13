// Histograms over time as cells of a heat map: how many observations fell between two bounds, per second or as they are.
//
// A classic histogram has a series per upper bound `le`, and each counts what the lower ones count as well. A native one
// has its buckets in every sample, with bounds that may differ from sample to sample.

import type { HistogramValue, Labels, Series } from "../../api/promql";

/** One row of the map: what lies above `from` and not above `to`. */
export interface Row {
  from: number;
  to: number;
}

export interface Heat {
  rows: Row[];
  /** Milliseconds, ascending. */
  times: number[];
  /** `cells[row][column]`; null where nothing is known. */
  cells: (number | null)[][];
  kind: "classic" | "native";
  /** Labels of the histogram; of several with other labels the counts are added. */
  histograms: number;
}

/** More rows are merged in pairs: finer ones could not be told apart on a screen. */
export const ROWS_MAX = 60;

/** What can be drawn of an answer, or null when there is no histogram in it. */
export function heatOf(series: readonly Series[]): Heat | null {
  const native = series.filter((one) => (one.histograms?.length ?? 0) > 0);
  if (native.length > 0) return nativeHeat(native);
  const classic = series.filter((one) => boundOf(one.labels) !== null);
  return classic.length > 0 ? classicHeat(classic) : null;
}

/** The upper bound of a bucket's series: `le`, which is `+Inf` of the last one. */
export function boundOf(labels: Labels): number | null {
  const text = labels.le;
  if (text === undefined) return null;
  if (/^\+?inf$/i.test(text)) return Number.POSITIVE_INFINITY;
  const bound = Number(text);
  return text.trim() === "" || Number.isNaN(bound) ? null : bound;
}

function classicHeat(series: readonly Series[]): Heat {
  const times = timesOf(series.map((one) => one.points));
  const column = new Map(times.map((at, index) => [at, index]));
  const groups = grouped(series);
  const bounds = [...new Set(series.map((one) => boundOf(one.labels) ?? 0))].sort((a, b) => a - b);
  const cells: (number | null)[][] = bounds.map(() => times.map(() => null));
  for (const group of groups) addGroup(cells, bounds, column, group);
  const rows = bounds.map((to, index) => ({ from: bounds[index - 1] ?? lowest(bounds), to }));
  return { ...merged({ rows, times, cells }), kind: "classic", histograms: groups.length };
}

/** Below the first bound there is 0 for what is never negative, such as durations. */
function lowest(bounds: readonly number[]): number {
  return (bounds[0] ?? 0) > 0 ? 0 : Number.NEGATIVE_INFINITY;
}

/** The series of one histogram each: their labels are equal but for the bound. */
function grouped(series: readonly Series[]): Series[][] {
  const groups = new Map<string, Series[]>();
  for (const one of series) {
    const { le: _, ...rest } = one.labels;
    const key = JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

function addGroup(
  cells: (number | null)[][],
  bounds: readonly number[],
  column: ReadonlyMap<number, number>,
  group: readonly Series[],
): void {
  const ordered = group
    .map((one) => ({ bound: boundOf(one.labels) ?? 0, points: one.points }))
    .sort((a, b) => a.bound - b.bound);
  const below: number[] = [];
  for (const { bound, points } of ordered) {
    const row = cells[bounds.indexOf(bound)];
    for (const [at, value] of points) {
      const index = column.get(at);
      if (row === undefined || index === undefined || Number.isNaN(value)) continue;
      // A scrape may see a bucket before the lower one is counted up, and floats round: nothing is less than none.
      const count = Math.max(0, value - (below[index] ?? 0));
      below[index] = Math.max(value, below[index] ?? 0);
      row[index] = (row[index] ?? 0) + count;
    }
  }
}

function nativeHeat(series: readonly Series[]): Heat {
  const samples = series.flatMap((one) => one.histograms ?? []);
  const times = timesOf(series.map((one) => one.histograms ?? []));
  const column = new Map(times.map((at, index) => [at, index]));
  const rows = boundsOf(samples.map(([, value]) => value));
  const cells: (number | null)[][] = rows.map(() => times.map(() => null));
  for (const [at, value] of samples) {
    const index = column.get(at);
    if (index === undefined) continue;
    for (const row of cells) row[index] = row[index] ?? 0;
    for (const bucket of value.buckets) spread(cells, rows, index, bucket);
  }
  return { ...merged({ rows, times, cells }), kind: "native", histograms: series.length };
}

/** Every bound that any sample has: buckets of a coarser sample are spread over the finer rows. */
function boundsOf(values: readonly HistogramValue[]): Row[] {
  const bounds = new Set<number>();
  for (const { buckets } of values) {
    for (const { from, to } of buckets) bounds.add(from).add(to);
  }
  const sorted = [...bounds].sort((a, b) => a - b);
  return sorted.slice(1).map((to, index) => ({ from: sorted[index] ?? to, to }));
}

function spread(
  cells: (number | null)[][],
  rows: readonly Row[],
  column: number,
  bucket: { from: number; to: number; count: number },
): void {
  const width = bucket.to - bucket.from;
  for (let index = firstRow(rows, bucket.from); index < rows.length; index += 1) {
    const row = rows[index];
    const line = cells[index];
    if (row === undefined || line === undefined || row.from >= bucket.to) break;
    // Equally dense inside a bucket; one without an end is a single row anyhow.
    const share = Number.isFinite(width) && width > 0 ? (row.to - row.from) / width : 1;
    line[column] = (line[column] ?? 0) + bucket.count * share;
  }
}

/** The first row that does not lie below a bound; rows are sorted. */
function firstRow(rows: readonly Row[], bound: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((rows[middle]?.from ?? 0) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

function timesOf(lists: readonly (readonly (readonly [number, unknown])[])[]): number[] {
  const times = new Set<number>();
  for (const list of lists) for (const [at] of list) times.add(at);
  return [...times].sort((a, b) => a - b);
}

/** Joins neighbours until the map has at most `ROWS_MAX` rows, and drops empty rows at both ends. */
export function merged(heat: Pick<Heat, "rows" | "times" | "cells">): Pick<Heat, "rows" | "times" | "cells"> {
  let { rows, cells } = trimmed(heat);
  while (rows.length > ROWS_MAX) {
    const pairs = rows.flatMap((row, index) =>
      index % 2 === 0 ? [{ from: row.from, to: (rows[index + 1] ?? row).to }] : [],
    );
    cells = pairs.map((_, index) => added(cells[2 * index] ?? [], cells[2 * index + 1]));
    rows = pairs;
  }
  return { rows, cells, times: heat.times };
}

function trimmed({ rows, cells }: Pick<Heat, "rows" | "cells">): Pick<Heat, "rows" | "cells"> {
  const hasCount = (row: readonly (number | null)[]) => row.some((cell) => cell !== null && cell > 0);
  const first = cells.findIndex(hasCount);
  const last = cells.findLastIndex(hasCount);
  // A map of nothing keeps its rows: that they are empty is what it says.
  if (first < 0) return { rows, cells };
  return { rows: rows.slice(first, last + 1), cells: cells.slice(first, last + 1) };
}

function added(one: readonly (number | null)[], other: readonly (number | null)[] | undefined): (number | null)[] {
  if (other === undefined) return [...one];
  return one.map((cell, index) => {
    const beside = other[index] ?? null;
    return cell === null && beside === null ? null : (cell ?? 0) + (beside ?? 0);
  });
}

/** What to ask instead when the buckets of a counter are cumulative over time as well: only their rate tells when. */
export function rateAdvice(expression: string, series: readonly Series[]): string | null {
  const looksRaw = !/\b(rate|irate|increase|delta|idelta)\s*\(/.test(expression);
  const name = series[0]?.labels.__name__;
  if (!looksRaw || name === undefined) return null;
  return name.endsWith("_bucket")
    ? `sum by (le) (rate(${name}[5m]))`
    : (series[0]?.histograms?.length ?? 0) > 0
      ? `sum(rate(${name}[5m]))`
      : null;
}
