// Which of many series are drawn.

import type { NamedSeries } from "./types";

/** So many are drawn at once; nobody tells more of them apart. */
export const DRAWN_MAX = 100;

/** The highest value of a series; -Infinity when it has none. */
export function peak({ points }: NamedSeries): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const [, value] of points) if (Number.isFinite(value) && value > highest) highest = value;
  return highest;
}

/** All of them in their order, or those with the highest values when there are too many. */
export function chosen(all: readonly NamedSeries[], limit: number): NamedSeries[] {
  if (all.length <= limit) return [...all];
  const peaks = new Map(all.map((series) => [series, peak(series)]));
  const ranked = [...all].sort((left, right) => (peaks.get(right) ?? 0) - (peaks.get(left) ?? 0));
  const kept = new Set(ranked.slice(0, limit));
  return all.filter((series) => kept.has(series));
}

export interface Summary {
  least: number | null;
  highest: number | null;
  mean: number | null;
  last: number | null;
}

export function summary({ points }: NamedSeries): Summary {
  let least = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  for (const [, value] of points) {
    if (!Number.isFinite(value)) continue;
    least = Math.min(least, value);
    highest = Math.max(highest, value);
    sum += value;
    count += 1;
  }
  const last = points.at(-1)?.[1];
  if (count === 0) return { least: null, highest: null, mean: null, last: last ?? null };
  return { least, highest, mean: sum / count, last: last ?? null };
}
