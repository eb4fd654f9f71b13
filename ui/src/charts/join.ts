// Series of different times on one axis. A gap stays a gap: nothing is drawn where nothing was measured.

import type { Point } from "../api/promql";

/** `null` interrupts the line; `undefined` only has no point there, because another series brought the time in. */
export type Value = number | null | undefined;

export interface Joined {
  /** Seconds since 1970, ascending. */
  x: number[];
  y: Value[][];
}

/** Points further apart than this many steps have a gap between them. */
const GAP_STEPS = 1.5;

export function join(all: readonly (readonly Point[])[]): Joined {
  const steps = stepsOf(all);
  const times = axis(all, steps);
  return { x: times.map((at) => at / 1000), y: all.map((points, index) => column(points, times, steps[index] ?? 0)) };
}

/**
 * The usual distance between two points, in milliseconds: the middle one, so that a last point which came early changes
 * nothing. 0 for fewer than two.
 */
export function stepOf(points: readonly Point[]): number {
  const distances: number[] = [];
  for (let index = 1; index < points.length; index += 1) {
    distances.push((points[index]?.[0] ?? 0) - (points[index - 1]?.[0] ?? 0));
  }
  distances.sort((left, right) => left - right);
  return distances[(distances.length - 1) >> 1] ?? 0;
}

/** Most series of an answer have the same times: then one step is theirs too. */
function stepsOf(all: readonly (readonly Point[])[]): number[] {
  const first = all[0] ?? [];
  const common = stepOf(first);
  return all.map((points) => (sameTimes(first, points) ? common : stepOf(points)));
}

function axis(all: readonly (readonly Point[])[], steps: readonly number[]): number[] {
  const first = all[0] ?? [];
  const times = new Set(first.map(([at]) => at));
  for (const [index, points] of all.entries()) {
    if (index > 0 && !sameTimes(first, points)) for (const [at] of points) times.add(at);
  }
  for (const [index, points] of all.entries()) {
    // Series on the axis of the first have its gaps too.
    if (index === 0 || !sameTimes(first, points)) addBreaks(points, steps[index] ?? 0, times);
  }
  return [...times].sort((left, right) => left - right);
}

function sameTimes(left: readonly Point[], right: readonly Point[]): boolean {
  return left.length === right.length && left.every(([at], index) => at === right[index]?.[0]);
}

/** Where no series has a point the axis needs one, or the line would run across. */
function addBreaks(points: readonly Point[], step: number, times: Set<number>): void {
  for (let index = 1; index < points.length; index += 1) {
    const before = points[index - 1]?.[0] ?? 0;
    const after = points[index]?.[0] ?? 0;
    if (after - before > step * GAP_STEPS) times.add(before + step);
  }
}

function column(points: readonly Point[], times: readonly number[], step: number): Value[] {
  let next = 0;
  return times.map((at) => {
    while (next < points.length && (points[next]?.[0] ?? 0) < at) next += 1;
    const point = points[next];
    if (point !== undefined && point[0] === at) return Number.isFinite(point[1]) ? point[1] : null;
    const before = points[next - 1];
    if (before === undefined || point === undefined) return null;
    return point[0] - before[0] > step * GAP_STEPS ? null : undefined;
  });
}

/** Values on top of each other: each is the sum of itself and those before it. What is missing adds nothing. */
export function stack(y: readonly Value[][]): Value[][] {
  const length = y[0]?.length ?? 0;
  const sums = new Array<number>(length).fill(0);
  const known = new Array<boolean>(length).fill(false);
  for (const values of y)
    for (const [index, value] of values.entries()) if (typeof value === "number") known[index] = true;
  return y.map((values) =>
    values.map((value, index) => {
      if (!known[index]) return null;
      sums[index] = (sums[index] ?? 0) + (value ?? 0);
      return sums[index];
    }),
  );
}

/** The index of the time nearest to one, in an ascending list; -1 in an empty one. */
export function nearest(x: readonly number[], at: number): number {
  let low = 0;
  let high = x.length - 1;
  if (high < 0) return -1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) < at) low = middle;
    else high = middle;
  }
  return at - (x[low] ?? 0) <= (x[high] ?? 0) - at ? low : high;
}
