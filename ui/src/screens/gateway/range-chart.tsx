/** A chart of a query over the range of the page, in a panel of its own: it loads, fails and is evidenced by itself. */

import { legend, range, type Series } from "../../api/promql";
import { Chart, type ChartLine, type NamedSeries } from "../../charts/chart";
import { Panel } from "../../components/panel";
import { useLoad } from "../../hooks/load";
import { useTimeRange } from "../../time";
import { widened } from "./widened";

export interface RangeChartProps {
  name: string;
  /** As charts know it. */
  unit: string;
  query: string;
  /** What the series is called when the query has one without labels. */
  label?: string;
  /** Further queries with a series each. */
  more?: { query: string; name: string }[];
  lines?: ChartLine[];
  stacked?: boolean;
  height?: number;
  /** The colours (1 to 8) of series by their names, where those mean something. */
  colors?: Record<string, number>;
  /** What it says, when the name does not say enough. */
  sub?: string;
  /** What is said when there is no series. */
  none?: string;
}

/** Points of a chart: as many as a small one can show, because each of them costs the server. */
const POINTS = 120;

export function RangeChart(props: RangeChartProps) {
  const { name, query, label, more = [] } = props;
  const { from, to, step: stepOf } = useTimeRange();
  const step = stepOf(POINTS);
  const queries = [query, ...more.map((one) => one.query)].map((text) => widened(text, step));
  const state = useLoad(
    async (signal) => {
      const asked = queries.map((text) => range(text, { from, to, step }, signal));
      const [first, ...others] = await Promise.all(asked);
      const named = (first ?? []).map((series) => withName(series, label));
      return [...named, ...others.flatMap((all, index) => all.map((series) => withName(series, more[index]?.name)))]
        .map((one) => coloured(one, props.colors))
        .sort(byName);
    },
    [queries.join("\n"), from, to],
  );
  return (
    <Panel title={name} state={state} evidence={queries[0]} class="gateway-chart">
      {(series) =>
        series.length === 0 ? (
          <p class="dim">{props.none ?? "No data in this range."}</p>
        ) : (
          <>
            {props.sub !== undefined && <p class="dim">{props.sub}</p>}
            <Chart
              name={name}
              unit={props.unit}
              series={series}
              stacked={props.stacked ?? false}
              height={props.height ?? 140}
              lines={props.lines ?? []}
              range={{ from, to }}
            />
          </>
        )
      }
    </Panel>
  );
}

/** A name for a series: what it is called, else its labels' values. */
function withName(series: Series, name: string | undefined): NamedSeries {
  const values = Object.values(series.labels);
  return { name: name ?? (values.length > 0 ? values.join(" ") : legend(series.labels)), points: series.points };
}

function coloured(series: NamedSeries, colors: Record<string, number> | undefined): NamedSeries {
  const color = colors !== undefined && Object.hasOwn(colors, series.name) ? colors[series.name] : undefined;
  return color === undefined ? series : { ...series, color };
}

function byName(a: NamedSeries, b: NamedSeries): number {
  return a.name.localeCompare(b.name, "en", { numeric: true });
}
