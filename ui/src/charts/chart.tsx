import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { Button } from "../components/button";
import { Evidence } from "../components/evidence";
import { Menu } from "../components/menu";
import { formatter } from "../format";
import { formatTime } from "../time/format";
import { useTimeRange } from "../time/range";
import { useZone } from "../time/zone";
import { AsTable } from "./as-table";
import { colorNumber } from "./colors";
import { downloadCsv, downloadPng } from "./export";
import { join } from "./join";
import { Legend, type LegendRow } from "./legend";
import { useLook } from "./look";
import type { Plot, PlotInput } from "./plot";
import { chosen, DRAWN_MAX, summary } from "./select";
import { type ChartLine, type ChartMark, type ChartSeries, named } from "./types";
import "./chart.css";

export type { ChartLine, ChartMark, ChartSeries, NamedSeries } from "./types";

export interface ChartProps {
  /** What it shows, read aloud and the name of files: "Requests". */
  name: string;
  series: readonly ChartSeries[];
  /** `req/s`, `seconds`, `percent` (values are shares of 1), `bytes`, `bytes/s`, or any word put after numbers. */
  unit?: string;
  /** Pixels of the drawing, 180 by default. */
  height?: number;
  lines?: readonly ChartLine[];
  marks?: readonly ChartMark[];
  /** Values are put on top of each other. */
  stacked?: boolean;
  /** Milliseconds; the time range of the page without. */
  range?: { from: number; to: number };
  /** PromQL that reproduces it. */
  evidence?: string | null;
  /** A press on a series in the legend; without it the series is shown alone. */
  onPick?: (series: ChartSeries) => void;
  /** What a dragged range (milliseconds) does; it becomes the range of the page without. */
  onZoom?: (from: number, to: number) => void;
  /** Without the legend. */
  bare?: boolean;
}

const NO_LINES: readonly ChartLine[] = [];
const NO_MARKS: readonly ChartMark[] = [];

/** Values over time. */
export function Chart(props: ChartProps) {
  const { name, series, unit, height = 180, lines = NO_LINES, marks = NO_MARKS, bare = false } = props;
  const page = useTimeRange();
  const zone = useZone();
  const { from, to } = props.range ?? page;
  const [isTable, setTable] = useState(false);
  const [wantsAll, setWantsAll] = useState(false);
  const [alone, setAlone] = useState<ReadonlySet<string>>(NOBODY);
  const drawn = useMemo(() => chosen(named(series), wantsAll ? series.length : DRAWN_MAX), [series, wantsAll]);
  const joined = useMemo(() => join(drawn.map((one) => one.points)), [drawn]);
  const rows = useMemo(() => legendRows(drawn, alone), [drawn, alone]);
  const input: PlotInput = {
    series: rows,
    joined,
    isStacked: props.stacked ?? false,
    unit,
    height,
    from,
    to,
    lines,
    marks,
    zone,
  };
  const plot = usePlot(input, isTable, props.onZoom ?? page.set);
  const format = formatter(unit);
  const hasPoints = joined.x.length > 0;
  const pick = (index: number, add: boolean) => {
    const one = drawn[index];
    if (one === undefined) return;
    if (props.onPick !== undefined && !add) props.onPick(series.find((own) => own.points === one.points) ?? one);
    else setAlone(picked(alone, one.name, add));
  };
  return (
    <figure class={isTable ? "chart is-table" : "chart"} aria-label={summaryText(name, rows, from, to, format)}>
      <div class="chart-tools">
        <Button kind="plain" small pressed={isTable} onPress={() => setTable(!isTable)}>
          {isTable ? "View as chart" : "View as table"}
        </Button>
        <Menu
          kind="plain"
          small
          icon="more"
          label="Export this chart"
          items={[
            {
              title: "Download CSV",
              icon: "download",
              onPick: () =>
                downloadCsv(
                  name,
                  rows.map((row) => row.name),
                  joined,
                ),
            },
            {
              title: "Download PNG",
              icon: "download",
              disabled: isTable || !hasPoints,
              onPick: () => plot.current !== null && downloadPng(name, plot.current.canvas(), rows),
            },
          ]}
        />
        {props.evidence && <Evidence query={props.evidence} />}
      </div>
      {isTable ? (
        <AsTable name={name} names={rows.map((row) => row.name)} joined={joined} format={format} />
      ) : (
        <div class="chart-box">
          <div class="chart-plot" ref={plot.box} style={{ minHeight: `${height}px` }} />
          {!hasPoints && <p class="chart-none">No data in this time range</p>}
        </div>
      )}
      {drawn.length < series.length && (
        <p class="chart-many">
          {drawn.length} of {series.length.toLocaleString("en")} series are drawn, those with the highest values.
          <Button small onPress={() => setWantsAll(true)}>
            Draw all
          </Button>
        </p>
      )}
      {!bare && hasPoints && <Legend rows={rows} joined={joined} format={format} pick={pick} />}
    </figure>
  );
}

const NOBODY: ReadonlySet<string> = new Set();

/** Which series are shown after one was pressed; an empty set means all of them. */
export function picked(alone: ReadonlySet<string>, name: string, add: boolean): ReadonlySet<string> {
  if (!add) return alone.size === 1 && alone.has(name) ? NOBODY : new Set([name]);
  const next = new Set(alone);
  if (!next.delete(name)) next.add(name);
  return next;
}

function legendRows(drawn: ReturnType<typeof chosen>, alone: ReadonlySet<string>): LegendRow[] {
  return drawn.map((one, index) => ({
    name: one.name,
    color: colorNumber(index, one.color),
    isDashed: one.dashed ?? false,
    isShown: alone.size === 0 || alone.has(one.name),
    summary: summary(one),
  }));
}

function summaryText(
  name: string,
  rows: readonly LegendRow[],
  from: number,
  to: number,
  format: (value: number | null) => string,
): string {
  const highest = Math.max(...rows.map((row) => row.summary.highest ?? Number.NEGATIVE_INFINITY));
  if (!Number.isFinite(highest)) return `${name}: no data`;
  const count = rows.length === 1 ? `last ${format(rows[0]?.summary.last ?? null)}` : `${rows.length} series`;
  return `${name}: ${count}, highest ${format(highest)}, from ${formatTime(from)} to ${formatTime(to)}`;
}

/** Keeps the drawing in step with what it shows, and takes it away with the component. */
function usePlot(input: PlotInput, isTable: boolean, zoom: (from: number, to: number) => void) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const latest = useRef({ input, zoom });
  latest.current = { input, zoom };
  const look = useLook();
  useEffect(() => {
    if (isTable) return;
    let isGone = false;
    import("./plot").then(({ createPlot }) => {
      if (isGone || box.current === null) return;
      plot.current = createPlot(box.current, latest.current.input, (from, to) => latest.current.zoom(from, to));
    });
    return () => {
      isGone = true;
      plot.current?.destroy();
      plot.current = null;
    };
  }, [isTable, look]);
  const { series, joined, isStacked, unit, height, from, to, lines, marks, zone } = input;
  useEffect(() => plot.current?.update(input), [series, joined, isStacked, unit, height, from, to, lines, marks, zone]);
  return Object.assign(plot, { box });
}
