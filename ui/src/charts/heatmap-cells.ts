// Where the cells of a heatmap are and how strong they are. Pure, so that it is tested without a canvas.

export interface HeatmapBucket {
  /** The lower and the upper bound; infinite at the ends. */
  from: number;
  to: number;
  /** Milliseconds since 1970, and how many fell into the bucket in the step that ends then. */
  points: readonly (readonly [number, number])[];
}

export interface Cell {
  /** Which bucket, from the lowest. */
  row: number;
  /** Milliseconds: the time that is covered. */
  start: number;
  end: number;
  count: number;
  /** 0 to 1: the root of the share of the largest count, so that few beside many are still seen. */
  strength: number;
}

/** The buckets from the lowest to the highest. */
export function ordered(buckets: readonly HeatmapBucket[]): HeatmapBucket[] {
  return [...buckets].sort((left, right) => left.to - right.to || left.from - right.from);
}

export function cells(rows: readonly HeatmapBucket[]): Cell[] {
  const step = stepOf(rows);
  const most = Math.max(0, ...rows.map((row) => highest(row)));
  return rows.flatMap((bucket, row) =>
    bucket.points
      .filter(([, count]) => Number.isFinite(count) && count > 0)
      .map(([at, count]) => ({ row, start: at - step, end: at, count, strength: Math.sqrt(count / most) })),
  );
}

function highest({ points }: HeatmapBucket): number {
  return points.reduce((most, [, count]) => (Number.isFinite(count) ? Math.max(most, count) : most), 0);
}

/** The least distance between two times of all rows; a minute when there is only one time. */
export function stepOf(rows: readonly HeatmapBucket[]): number {
  const times = [...new Set(rows.flatMap((row) => row.points.map(([at]) => at)))].sort((left, right) => left - right);
  let least = Number.POSITIVE_INFINITY;
  for (let index = 1; index < times.length; index += 1) {
    least = Math.min(least, (times[index] ?? 0) - (times[index - 1] ?? 0));
  }
  return Number.isFinite(least) ? least : 60_000;
}

/** Which rows have their upper bound written: at most so many, evenly. */
export function labelled(rows: number, limit: number): number[] {
  const every = Math.max(1, Math.ceil(rows / Math.max(1, limit)));
  return Array.from({ length: rows }, (_, row) => row).filter((row) => row % every === 0);
}
