// What a proposed query answers, before one opens it in Explore.

import { range } from "../../api/promql";
import { Chart } from "../../charts/chart";
import { ErrorNote } from "../../components/error-note";
import { Skeleton } from "../../components/panel";
import { useLoad } from "../../hooks/load";
import { useTimeRange } from "../../time";
import { unitOf } from "../explore/unit";
import type { Proposal } from "./build";

/** Enough to see the course; Explore shows it finely. */
const POINTS = 120;

export function Preview({ proposal, name }: { proposal: Proposal; name: string }) {
  const { from, to, step } = useTimeRange();
  const { expression, tab } = proposal;
  const state = useLoad(
    (signal) => (tab === "heatmap" ? Promise.resolve([]) : range(expression, { from, to, step: step(POINTS) }, signal)),
    [expression, from, to],
  );
  if (state.error !== undefined) return <ErrorNote error={state.error} again={state.again} />;
  if (state.data === undefined) return <Skeleton />;
  if (tab === "heatmap") return <p class="dim">Open it in Explore to see the heat map.</p>;
  if (state.data.length === 0) return <p class="dim">No data in this time range.</p>;
  return (
    <Chart name={name} series={state.data} unit={unitOf(expression, state.data)} height={140} range={{ from, to }} />
  );
}
