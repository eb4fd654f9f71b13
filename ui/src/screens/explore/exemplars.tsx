// Exemplars: single observations that somebody kept with the trace they belong to.

import { get } from "../../api/client";
import { type Labels, legend } from "../../api/promql";
import { Copy } from "../../components/copy";
import { Labels as LabelList } from "../../components/labels";
import { Notice } from "../../components/notice";
import { type Column, Table } from "../../components/table";
import { number } from "../../format";
import { Time } from "../../time";

export interface Exemplar {
  /** Milliseconds. */
  at: number;
  value: number;
  labels: Labels;
  series: Labels;
}

interface Raw {
  seriesLabels: Labels;
  exemplars: { labels: Labels; value: string; timestamp: number }[];
}

/** More points than this are a cloud; the highest values are kept, because these are looked for. */
export const EXEMPLARS_MAX = 500;

export async function loadExemplars(
  expression: string,
  { from, to }: { from: number; to: number },
  signal: AbortSignal,
): Promise<Exemplar[]> {
  const query = { query: expression, start: from / 1000, end: to / 1000 };
  return exemplarsOf(await get<Raw[]>("/api/v1/query_exemplars", query, signal));
}

/** Newest first. */
export function exemplarsOf(raw: readonly Raw[]): Exemplar[] {
  const all = raw.flatMap(({ seriesLabels, exemplars }) =>
    exemplars.map(({ labels, value, timestamp }) => ({
      at: timestamp * 1000,
      value: Number(value),
      labels,
      series: seriesLabels,
    })),
  );
  // The buckets of a histogram tell the same observation once each.
  const unique = [...new Map(all.map((one) => [JSON.stringify([one.at, one.value, one.labels]), one])).values()];
  const kept =
    unique.length > EXEMPLARS_MAX ? unique.sort((a, b) => b.value - a.value).slice(0, EXEMPLARS_MAX) : unique;
  return kept.sort((a, b) => b.at - a.at);
}

/** The label that names the trace, by the names that are in use. */
export function traceOf(labels: Labels): string | null {
  return labels.trace_id ?? labels.traceID ?? labels.traceId ?? labels.TraceID ?? null;
}

export function ExemplarList({ exemplars }: { exemplars: readonly Exemplar[] }) {
  if (exemplars.length === 0) {
    return (
      <Notice>
        No exemplars in this time range. They come with OpenMetrics scrapes, OTLP and remote write, from programs that
        attach a trace to an observation.
      </Notice>
    );
  }
  return (
    <Table
      name="exemplars"
      caption="Exemplars"
      columns={COLUMNS}
      rows={exemplars}
      id={idOf}
      bare={exemplars.length <= 12}
      sort="-at"
    />
  );
}

function idOf({ at, value, labels }: Exemplar): string {
  return `${at} ${value} ${JSON.stringify(labels)}`;
}

const COLUMNS: Column<Exemplar>[] = [
  { key: "at", title: "Time", cell: ({ at }) => <Time at={at} />, sort: ({ at }) => at },
  { key: "value", title: "Value", align: "end", cell: ({ value }) => number(value), sort: ({ value }) => value },
  {
    key: "trace",
    title: "Trace",
    cell: ({ labels }) => {
      const trace = traceOf(labels);
      return trace === null ? (
        "no data"
      ) : (
        <span class="explore-trace">
          <code>{trace}</code>
          <Copy text={trace} label="trace id" />
        </span>
      );
    },
    text: ({ labels }) => traceOf(labels) ?? "",
  },
  {
    key: "labels",
    title: "Labels",
    cell: ({ labels, series }) => (
      <LabelList of={{ ...series, ...labels }} without={["__name__", "le", "trace_id", "traceID", "traceId"]} />
    ),
    text: ({ labels, series }) => `${legend(series)} ${legend(labels)}`,
  },
];
