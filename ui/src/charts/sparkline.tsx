import type { Point } from "../api/promql";
import { formatter } from "../format";
import "./sparkline.css";

export interface SparklineProps {
  points: readonly Point[] | undefined;
  /** As charts have it; for those who do not see the line. */
  unit?: string;
  /** What it shows. */
  label?: string;
  width?: number;
  height?: number;
  /** The lowest value of the scale; the lowest of the points without. */
  min?: number;
  max?: number;
}

/** A line the size of a word. Gaps stay gaps. */
export function Sparkline({ points = [], unit, label = "Course", width = 96, height = 20, min, max }: SparklineProps) {
  const format = formatter(unit);
  const known = points.filter(([, value]) => Number.isFinite(value));
  const text = known.length === 0 ? `${label}: no data` : `${label}: last ${format(known.at(-1)?.[1])}`;
  return (
    <svg
      class="sparkline"
      width={width}
      height={height}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={text}
    >
      <path d={sparkPath(points, { width, height, min, max })} />
    </svg>
  );
}

interface Frame {
  width: number;
  height: number;
  min?: number | undefined;
  max?: number | undefined;
}

/** The path of a line through the points; it is interrupted where there is no value. */
export function sparkPath(points: readonly Point[], { width, height, min, max }: Frame): string {
  const values = points.map(([, value]) => value).filter(Number.isFinite);
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  const low = min ?? Math.min(...values);
  const high = max ?? Math.max(...values);
  const x = (at: number) => (last === first ? width / 2 : ((at - first) / (last - first)) * (width - 2) + 1);
  const y = (value: number) => (high === low ? height / 2 : height - 2 - ((value - low) / (high - low)) * (height - 4));
  let path = "";
  let isDrawing = false;
  for (const [at, value] of points) {
    if (Number.isFinite(value)) path += `${isDrawing ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    isDrawing = Number.isFinite(value);
  }
  return path;
}
