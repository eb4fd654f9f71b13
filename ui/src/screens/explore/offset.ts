// The same query some time ago, laid over the present: points move forward by the offset, and curves with the same labels
// belong together.

import type { Labels, Point, Series } from "../../api/promql";

export interface Pair {
  labels: Labels;
  now: Point[];
  /** Moved to the present; empty when there was no such series. */
  before: Point[];
  /** Of the last value now against the value at the same moment before; null when one of them is missing. */
  difference: number | null;
  /** `difference` as a share of the value before; null when that is 0 or unknown. */
  share: number | null;
}

export function keyOf(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Points moved into the present by `offset` milliseconds. */
export function moved(points: readonly Point[], offset: number): Point[] {
  return points.map(([at, value]) => [at + offset, value]);
}

/** Pairs in the order of now, and behind them what there was only before. `step` is in milliseconds. */
export function paired(now: readonly Series[], before: readonly Series[], offset: number, step: number): Pair[] {
  const earlier = new Map(before.map((one) => [keyOf(one.labels), one]));
  const pairs = now.map((one) => {
    const key = keyOf(one.labels);
    const then = moved(earlier.get(key)?.points ?? [], offset);
    earlier.delete(key);
    return pairOf(one.labels, one.points, then, step);
  });
  for (const gone of earlier.values()) pairs.push(pairOf(gone.labels, [], moved(gone.points, offset), step));
  return pairs;
}

function pairOf(labels: Labels, now: readonly Point[], before: Point[], step: number): Pair {
  const last = now.at(-1);
  const then = last === undefined ? undefined : nearest(before, last[0], step / 2);
  const difference = last === undefined || then === undefined ? null : last[1] - then[1];
  const isKnown = difference !== null && !Number.isNaN(difference);
  const share = isKnown && then !== undefined && then[1] !== 0 ? difference / Math.abs(then[1]) : null;
  return { labels, now: [...now], before, difference: isKnown ? difference : null, share };
}

/** The point closest to a moment, when it is not further away than allowed: steps of both ranges need not line up. */
export function nearest(points: readonly Point[], at: number, distance: number): Point | undefined {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.[0] ?? 0) < at) low = middle + 1;
    else high = middle;
  }
  const candidates = [points[low - 1], points[low]].filter((point): point is Point => point !== undefined);
  candidates.sort((a, b) => Math.abs(a[0] - at) - Math.abs(b[0] - at));
  const [best] = candidates;
  return best !== undefined && Math.abs(best[0] - at) <= distance ? best : undefined;
}
