import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button } from "../components/button";
import { formatter, type Known, number } from "../format";
import { formatTime } from "../time/format";
import { useTimeRange } from "../time/range";
import { useZone } from "../time/zone";
import { type Cell, cells, type HeatmapBucket, ordered } from "./heatmap-cells";
import { type Area, cellAt, drawHeatmap, type Frame } from "./heatmap-draw";
import { useLook } from "./look";
import "./chart.css";
import "./heatmap.css";

export type { HeatmapBucket } from "./heatmap-cells";

export interface HeatmapProps {
  name: string;
  buckets: readonly HeatmapBucket[];
  /** Of the bounds, as charts have it. */
  unit?: string;
  /** Pixels, 220 by default. */
  height?: number;
  /** Milliseconds; the time range of the page without. */
  range?: { from: number; to: number };
}

/** How values are spread, over time: a column for each step, a row for each bucket, darker where there are more. */
export function Heatmap({ name, buckets, unit, height = 220, range }: HeatmapProps) {
  const page = useTimeRange();
  const { from, to } = range ?? page;
  const [isTable, setTable] = useState(false);
  const rows = useMemo(() => ordered(buckets), [buckets]);
  const all = useMemo(() => cells(rows), [rows]);
  const format = formatter(unit);
  return (
    <figure
      class={isTable ? "chart is-table" : "chart"}
      aria-label={`${name}: ${rows.length} buckets, ${all.length === 0 ? "no data" : "see the table"}`}
    >
      <div class="chart-tools">
        <Button kind="plain" small pressed={isTable} onPress={() => setTable(!isTable)}>
          {isTable ? "View as heatmap" : "View as table"}
        </Button>
      </div>
      {isTable ? (
        <BucketTable rows={rows} format={format} />
      ) : (
        <Drawing rows={rows} all={all} frame={{ width: 0, height, from, to }} format={format} />
      )}
    </figure>
  );
}

interface DrawingProps {
  rows: readonly HeatmapBucket[];
  all: readonly Cell[];
  frame: Frame;
  format: (value: Known) => string;
}

function Drawing({ rows, all, frame, format }: DrawingProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const area = useRef<Area | null>(null);
  const [pointed, setPointed] = useState<Cell | undefined>(undefined);
  const zone = useZone();
  const look = useLook();
  const width = useWidth(canvas);
  const sized = { ...frame, width };
  useEffect(() => {
    if (canvas.current === null || width === 0) return;
    area.current = drawHeatmap(canvas.current, rows, all, sized, zone, format);
  }, [rows, all, width, frame.height, frame.from, frame.to, zone, look]);
  const point = (event: JSX.TargetedPointerEvent<HTMLCanvasElement>) => {
    if (area.current === null) return;
    setPointed(cellAt(all, rows.length, area.current, sized, event.offsetX, event.offsetY));
  };
  const bucket = pointed === undefined ? undefined : rows[pointed.row];
  return (
    <div class="heatmap">
      <canvas
        ref={canvas}
        style={{ height: `${frame.height}px` }}
        onPointerMove={point}
        onPointerLeave={() => setPointed(undefined)}
      />
      {all.length === 0 && <p class="chart-none">No data in this time range</p>}
      <p class="heatmap-here">
        {pointed !== undefined && bucket !== undefined
          ? `${formatTime(pointed.end)}: ${number(pointed.count)} from ${format(bucket.from)} to ${format(bucket.to)}`
          : "Point at a cell to see its count."}
      </p>
    </div>
  );
}

function useWidth(canvas: { current: HTMLCanvasElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (canvas.current === null || typeof ResizeObserver === "undefined") return;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(canvas.current);
    return () => observer.disconnect();
  }, []);
  return width;
}

function BucketTable({ rows, format }: { rows: readonly HeatmapBucket[]; format: (value: Known) => string }) {
  return (
    <div class="as-table">
      <table>
        <caption class="unseen">Buckets</caption>
        <thead>
          <tr>
            <th scope="col">from</th>
            <th scope="col">to</th>
            <th scope="col">in all</th>
            <th scope="col">last</th>
          </tr>
        </thead>
        <tbody>
          {[...rows].reverse().map((row) => (
            <tr key={`${row.from} ${row.to}`}>
              <td>{format(row.from)}</td>
              <td>{format(row.to)}</td>
              <td>{number(sum(row))}</td>
              <td>{number(row.points.at(-1)?.[1])}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function sum({ points }: HeatmapBucket): number | null {
  const known = points.filter(([, count]) => Number.isFinite(count));
  return known.length === 0 ? null : known.reduce((all, [, count]) => all + count, 0);
}
