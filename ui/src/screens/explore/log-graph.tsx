// The graph with a logarithmic axis: for values that differ by more than a linear one can show.

import { useEffect, useMemo, useRef } from "preact/hooks";
import type { ChartSeries } from "../../charts/chart";
import { colorNumber } from "../../charts/colors";
import { join } from "../../charts/join";
import { Legend } from "../../charts/legend";
import { useLook } from "../../charts/look";
import { chosen, DRAWN_MAX, summary } from "../../charts/select";
import { type NamedSeries, named } from "../../charts/types";
import { formatter, number } from "../../format";
import { useTimeRange, useZone } from "../../time";

export interface LogGraphProps {
  name: string;
  series: readonly ChartSeries[];
  unit: string | undefined;
  height: number;
  range: { from: number; to: number };
  onPick(series: ChartSeries): void;
}

export function LogGraph({ name, series, unit, height, range, onPick }: LogGraphProps) {
  const { set } = useTimeRange();
  const zone = useZone();
  const look = useLook();
  const box = useRef<HTMLDivElement>(null);
  const drawn = useMemo(() => chosen(named(series), DRAWN_MAX), [series]);
  const joined = useMemo(() => join(drawn.map(positive)), [drawn]);
  const rows = useMemo(
    () =>
      drawn.map((one, index) => ({
        name: one.name,
        color: colorNumber(index, one.color),
        isDashed: one.dashed ?? false,
        isShown: true,
        summary: summary(one),
      })),
    [drawn],
  );
  const { from, to } = range;
  useEffect(() => {
    let stop: (() => void) | undefined;
    let isGone = false;
    import("./log-plot").then(({ drawLog }) => {
      if (isGone || box.current === null) return;
      stop = drawLog(box.current, { joined, curves: rows, unit, height, from, to, zone }, set);
    });
    return () => {
      isGone = true;
      stop?.();
    };
  }, [joined, rows, unit, height, from, to, zone, look, set]);
  const left = leftOut(drawn);
  return (
    <figure class="explore-log" aria-label={`${name}: ${drawn.length} series over a logarithmic axis`}>
      <div ref={box} style={{ minHeight: `${height}px` }} />
      {left > 0 && <p class="dim">{number(left)} points at 0 or below it have no place on a logarithmic axis.</p>}
      {drawn.length < series.length && (
        <p class="dim">
          {drawn.length} of {number(series.length)} series are drawn, those with the highest values.
        </p>
      )}
      <Legend
        rows={rows}
        joined={joined}
        format={formatter(unit)}
        pick={(index) => drawn[index] && onPick(drawn[index])}
      />
    </figure>
  );
}

function positive({ points }: NamedSeries): NamedSeries["points"] {
  return points.map(([at, value]) => [at, value > 0 ? value : Number.NaN]);
}

function leftOut(series: readonly NamedSeries[]): number {
  return series.reduce((sum, { points }) => sum + points.filter(([, value]) => value <= 0).length, 0);
}
