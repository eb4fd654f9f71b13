// Rate, errors, duration and saturation over the range of the page, with what was changed meanwhile.

import { useMemo } from "preact/hooks";
import { useTick } from "../../api/live";
import { range, type Series } from "../../api/promql";
import { Chart, type ChartLine } from "../../charts/chart";
import { Empty } from "../../components/empty";
import { Panel } from "../../components/panel";
import { useLoad } from "../../hooks/load";
import { useTimeRange } from "../../time";
import { loadChanges, marksOf } from "../now/changes";
import { queryOf, type Signal } from "../services/signals";
import type { ServiceDetail } from "../services/types";

interface Shown {
  signal: Signal;
  title: string;
  name: string;
  unit: string;
  color: number;
  lines?: ChartLine[];
  /** What there would have to be for it. */
  missing: string;
}

const CHARTS: Shown[] = [
  {
    signal: "rate",
    title: "Requests",
    name: "requests",
    unit: "req/s",
    color: 1,
    missing:
      "A counter of requests, such as http_requests_total, of a scrape job of this name, or a route of the gateway.",
  },
  {
    signal: "errors",
    title: "Errors",
    name: "errors",
    unit: "percent",
    color: 2,
    missing:
      "A counter of requests with a label for the status, such as code or status, so that failures can be told apart.",
  },
  {
    signal: "p99",
    title: "Duration, p99",
    name: "p99",
    unit: "seconds",
    color: 3,
    missing: "A histogram of durations, such as http_request_duration_seconds.",
  },
  {
    signal: "saturation",
    title: "Saturation",
    name: "saturation",
    unit: "percent",
    color: 4,
    lines: [{ at: 1, text: "full", kind: "critical" }],
    missing: "",
  },
];

export function RedCharts({ service }: { service: ServiceDetail }) {
  const page = useTimeRange();
  const tick = useTick(["changes"]);
  const changes = useLoad(
    (signal) => loadChanges({ service: service.name, from: page.from, to: page.to }, signal),
    [service.name, page.fromText, page.toText, page.to, tick],
  );
  const marks = useMemo(() => marksOf(changes.data), [changes.data]);
  // What a service is full of is rarely told; its absence is no gap that one should fill.
  const shown = CHARTS.filter((chart) => chart.signal !== "saturation" || service.saturation !== null);
  return (
    <div class="service-charts">
      {shown.map((chart) => (
        <One key={chart.signal} chart={chart} query={queryOf(service, chart.signal)} marks={marks} />
      ))}
    </div>
  );
}

interface OneProps {
  chart: Shown;
  query: string | null;
  marks: ReturnType<typeof marksOf>;
}

function One({ chart, query, marks }: OneProps) {
  const page = useTimeRange();
  const step = page.step();
  const loaded = useLoad(
    async (signal) => (query === null ? [] : range(query, { from: page.from, to: page.to, step }, signal)),
    [query, page.fromText, page.toText, page.from, page.to],
  );
  const series = useMemo(
    () => (loaded.data ?? []).map((one: Series) => ({ name: chart.name, points: one.points, color: chart.color })),
    [loaded.data],
  );
  if (query === null) {
    return (
      <Panel title={chart.title}>
        <Empty title="No metric tells this" lines={[chart.missing]} />
      </Panel>
    );
  }
  return (
    <Panel title={chart.title} state={loaded} evidence={query}>
      {series.length === 0 ? (
        <p class="dim">No data in this time.</p>
      ) : (
        <Chart
          name={chart.title}
          series={series}
          unit={chart.unit}
          height={150}
          marks={marks}
          bare
          {...(chart.lines === undefined ? {} : { lines: chart.lines })}
        />
      )}
    </Panel>
  );
}
