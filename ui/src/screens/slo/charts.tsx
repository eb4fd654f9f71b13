// How the budget went, and how the indicator went, over the same time.

import { useMemo } from "preact/hooks";
import { get } from "../../api/client";
import { Chart, type ChartLine, type ChartMark } from "../../charts/chart";
import { LOAD_LINE } from "../../components/budget-bar";
import { Button } from "../../components/button";
import { Empty } from "../../components/empty";
import { Panel } from "../../components/panel";
import { useLoad } from "../../hooks/load";
import { setQuery, useRoute } from "../../router";
import { stepFor, useTimeRange } from "../../time";
import { loadChanges, marksOf } from "../now/changes";
import { apiPath, isComposite, isCounted, metricGroup, targetShare } from "./budget";
import { indicatorQuery, remainingQuery } from "./burns";
import { burnDown, loadLine, sliLine, stepOf, stepText } from "./history";
import type { Budget, History, Slice, Slo } from "./types";

export interface ChartsProps {
  slo: Slo;
  budget: Budget;
  tick: number;
}

const POINTS = 240;
const SHORTEST_MS = 600_000;

export function Charts({ slo, budget, tick }: ChartsProps) {
  const { query } = useRoute();
  const page = useTimeRange();
  // Without a range of its own a budget is looked at over its window, because that is what it is about.
  const hasRange = query.has("from") || query.has("to");
  const range = hasRange ? page : windowOf(slo, budget);
  const seconds = (range.to - range.from) / 1000;
  const step = stepOf(stepFor(seconds, POINTS), (Date.parse(slo.at) - range.from) / 1000);
  const history = useLoad(
    async (signal): Promise<Found> => {
      const { slices } = await loadHistory(slo, budget, range, step, signal);
      return { slices, step, from: range.from, to: range.to };
    },
    [slo.id, budget.objective, JSON.stringify(budget.group), hasRange, step, page.fromText, page.toText, tick],
  );
  const changes = useLoad(
    (signal) => loadChanges({ service: slo.service, from: range.from, to: range.to }, signal),
    [slo.service, hasRange, page.fromText, page.toText, tick],
  );
  const marks = useMemo(() => marksOf(changes.data), [changes.data]);
  const window = budget.windows[0];
  return (
    <div class="columns slo-charts">
      <Panel
        title={hasRange ? "Budget left" : `Budget left, over ${window?.window ?? "its window"}`}
        state={history}
        actions={
          hasRange && (
            <Button small onPress={() => setQuery({ from: null, to: null })}>
              Whole window
            </Button>
          )
        }
        evidence={remainingQuery(
          slo,
          budget.objective,
          window?.window ?? "",
          metricGroup(slo.definition, budget.group),
        )}
      >
        {(found: Found) => <BurnDown found={found} budget={budget} marks={marks} />}
      </Panel>
      {!isComposite(slo.definition) && (
        <Panel
          title="SLI"
          state={history}
          evidence={budget.group === null ? indicatorQuery(slo, budget.objective) : null}
        >
          {(found: Found) => <Indicator found={found} target={budget.target} marks={marks} />}
        </Panel>
      )}
    </div>
  );
}

/** What was answered, and to which question. */
interface Found {
  slices: Slice[];
  step: number;
  from: number;
  to: number;
}

const LOAD_LINES: ChartLine[] = [{ at: LOAD_LINE, text: "load line", kind: "critical" }];

function BurnDown({ found, budget, marks }: { found: Found; budget: Budget; marks: ChartMark[] }) {
  const { series, range } = useMemo(() => {
    const range = { from: found.from, to: found.to };
    return { range, series: [burnDown(found.slices, found.step, found.to), ...evenUse(budget, range)] };
  }, [found]);
  if (series[0]?.points.length === 0) return <NothingCounted />;
  return (
    <Chart
      name="Budget left"
      unit="percent"
      height={200}
      range={range}
      series={series}
      lines={LOAD_LINES}
      marks={marks}
    />
  );
}

function Indicator({ found, target, marks }: { found: Found; target: string; marks: ChartMark[] }) {
  const { series, range } = useMemo(
    () => ({ range: { from: found.from, to: found.to }, series: [sliLine(found.slices)] }),
    [found],
  );
  const lines = useMemo<ChartLine[]>(
    () => [{ at: targetShare(target), text: `objective ${target} %`, kind: "warning" }],
    [target],
  );
  if (series[0]?.points.length === 0) return <NothingCounted />;
  return <Chart name="SLI" unit="percent" height={200} range={range} series={series} lines={lines} marks={marks} />;
}

function NothingCounted() {
  return (
    <Empty
      title="Nothing was counted in this time"
      lines={[
        "Neither good nor bad: the series do not exist, or nobody asked. The definition below says which series they are.",
      ]}
    />
  );
}

/** The window as far as anything was counted in it. */
function windowOf(slo: Slo, budget: Budget): { from: number; to: number } {
  const to = Date.parse(slo.at);
  const window = budget.windows[0];
  const begin = window === undefined ? to - SHORTEST_MS : Date.parse(window.from);
  const since = slo.since === null ? begin : Date.parse(slo.since);
  return { from: Math.min(Math.max(begin, since), to - SHORTEST_MS), to };
}

/** A period of the calendar begins full, so that even use is a line; a rolling window has no begin. */
function evenUse(budget: Budget, range: { from: number; to: number }) {
  const window = budget.windows[0];
  if (window === undefined || !isCounted(window) || window.end === window.to) return [];
  const line = loadLine(Date.parse(window.from), Date.parse(window.end), range);
  return line.points.length === 0 ? [] : [line];
}

function loadHistory(
  slo: Slo,
  budget: Budget,
  range: { from: number; to: number },
  step: number,
  signal: AbortSignal,
): Promise<History> {
  const params = {
    start: range.from / 1000,
    end: range.to / 1000,
    step: stepText(step),
    objective: budget.objective === "" ? undefined : budget.objective,
    label: Object.entries(budget.group ?? {}).map(([name, value]) => `${name}=${value}`),
  };
  return get<History>(apiPath(slo.id, "/history"), params, signal);
}
