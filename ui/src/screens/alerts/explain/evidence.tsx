// The curve that an alert fires by, around the moment its condition began to hold, with the line it crossed.

import { useMemo, useState } from "preact/hooks";
import { range, type Series } from "../../../api/promql";
import { Chart } from "../../../charts/chart";
import type { ChartMark } from "../../../charts/types";
import { Button } from "../../../components/button";
import { Code } from "../../../components/code";
import { Panel } from "../../../components/panel";
import { useLoad } from "../../../hooks/load";
import { stepFor, toMilliseconds } from "../../../time";
import { evidenceRange, isOf, thresholds } from "../expression";
import type { AlertRow } from "../model";
import { expressionOf } from "./actions";

interface Curve {
  query: string;
  limit: { at: number; text: string } | null;
}

export function Evidence({ row }: { row: AlertRow }) {
  const expression = expressionOf(row);
  const curves = useMemo(() => curvesOf(expression), [expression]);
  if (expression === null) {
    return (
      <Panel title="Evidence">
        <p class="dim">
          Its sender did not say which query made it, so there is no curve to draw. Its labels and annotations are
          below.
        </p>
      </Panel>
    );
  }
  return (
    <>
      {curves.map((curve) => (
        <Drawn key={curve.query} curve={curve} row={row} expression={expression} />
      ))}
    </>
  );
}

/** One curve for each comparison with a number; the whole expression where there is none. */
export function curvesOf(expression: string | null): Curve[] {
  if (expression === null) return [];
  const found = thresholds(expression).map(
    ({ left, comparison, value }): Curve => ({
      query: left,
      limit: Number.isFinite(value) ? { at: value, text: `fires ${comparison} ${value}` } : null,
    }),
  );
  return found.length > 0 ? found : [{ query: expression, limit: null }];
}

function Drawn({ curve, row, expression }: { curve: Curve; row: AlertRow; expression: string }) {
  const begin = toMilliseconds(row.activeAt ?? row.since);
  const hold = row.origin?.rule.duration ?? 0;
  // Drawn once for an alert: a curve that moves under the eyes of its reader explains nothing.
  const window = useMemo(() => evidenceRange(begin, hold, Date.now()), [begin, hold]);
  const step = stepFor((window.to - window.from) / 1000, 240);
  const load = useLoad(
    (signal) => range(curve.query, { ...window, step }, signal),
    [curve.query, window.from, window.to],
  );
  const [isAll, setAll] = useState(false);
  const own = useMemo(
    () => (load.data ?? []).filter((series) => isOf(series.labels, row.labels)),
    [load.data, row.labels],
  );
  const others = (load.data?.length ?? 0) - own.length;
  const series: Series[] = isAll || own.length === 0 ? (load.data ?? []) : own;
  return (
    <Panel
      title="Evidence"
      state={load}
      evidence={curve.query}
      actions={
        own.length > 0 && others > 0 ? (
          <Button kind="plain" small pressed={isAll} onPress={() => setAll(!isAll)}>
            {`With ${others} others`}
          </Button>
        ) : undefined
      }
    >
      {load.data !== undefined && load.data.length === 0 ? (
        <p class="dim">No data: the query has no series around the time at which the alert began.</p>
      ) : (
        <Chart
          name={`${row.name}: evidence`}
          series={series}
          height={180}
          range={window}
          evidence={curve.query}
          lines={curve.limit === null ? [] : [curve.limit]}
          marks={marksOf(row)}
        />
      )}
      <Code text={expression} language="PromQL" wrap />
    </Panel>
  );
}

function marksOf(row: AlertRow): ChartMark[] {
  const marks: ChartMark[] = [];
  const active = toMilliseconds(row.activeAt);
  const fires = toMilliseconds(row.routed?.startsAt);
  if (!Number.isNaN(active)) marks.push({ at: active, text: "condition holds", kind: "info" });
  if (!Number.isNaN(fires) && fires !== active) marks.push({ at: fires, text: "fires", kind: "alert" });
  return marks;
}
