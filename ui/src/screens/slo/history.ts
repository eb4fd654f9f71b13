// Slices of a history as lines of charts, and how long slices are for a range.

import { formatDuration } from "../../time";
import type { Slice } from "./types";

export interface Line {
  name: string;
  points: [number, number][];
  dashed?: boolean;
}

/** How long slices of the ledger are, by how old they are: seconds. The store folds them as they age. */
const TIERS: [age: number, slice: number][] = [
  [900, 10],
  [6 * 3600, 60],
  [72 * 3600, 300],
  [Number.POSITIVE_INFINITY, 3600],
];

/**
 * As near to the step of other charts as the ledger allows: in finer slices the counts of a longer one would stand in one
 * of them, and the others would look like gaps. `age` is that of the begin.
 */
export function stepOf(wanted: number, age: number): number {
  const slice = TIERS.find(([limit]) => age <= limit)?.[1] ?? 3600;
  return Math.max(1, Math.ceil(wanted / slice)) * slice;
}

/** The step as the API takes it. */
export function stepText(seconds: number): string {
  return formatDuration(seconds).replaceAll(" ", "");
}

/**
 * What was left of the budget at the end of each slice. A slice in which nothing was known is a gap. The last slice ends in
 * the future; it stands at the present.
 */
export function burnDown(slices: readonly Slice[], step: number, now: number): Line {
  const points = slices.map((slice): [number, number] => [
    Math.min(Date.parse(slice.at) + step * 1000, now),
    slice.remaining ?? Number.NaN,
  ]);
  return { name: "budget left", points: trimmed(points) };
}

/** The share of good events in each slice. */
export function sliLine(slices: readonly Slice[]): Line {
  const points = slices.map((slice): [number, number] => {
    const valid = slice.good + slice.bad;
    return [Date.parse(slice.at), valid > 0 ? slice.good / valid : Number.NaN];
  });
  return { name: "SLI", points: trimmed(points) };
}

/** Time before anything was known is no gap in a line, and neither is the last slice, which has only begun. */
function trimmed(points: [number, number][]): [number, number][] {
  const first = points.findIndex(([, value]) => !Number.isNaN(value));
  if (first === -1) return [];
  const isOpen = Number.isNaN(points.at(-1)?.[1] ?? 0);
  return points.slice(first, isOpen ? -1 : undefined);
}

/** What is left of the budget if it is used evenly: the load line, from full at the begin to empty at the end. */
export function loadLine(from: number, end: number, range: { from: number; to: number }): Line {
  const at = (time: number): [number, number] => [time, 1 - (time - from) / (end - from)];
  const begin = Math.max(from, range.from);
  const last = Math.min(end, range.to);
  return { name: "even use", points: begin < last ? [at(begin), at(last)] : [], dashed: true };
}

/** Counts over all slices. */
export function totals(slices: readonly Slice[]): { good: number; bad: number; excluded: number } {
  const sum = { good: 0, bad: 0, excluded: 0 };
  for (const slice of slices) {
    sum.good += slice.good;
    sum.bad += slice.bad;
    sum.excluded += slice.excluded;
  }
  return sum;
}
