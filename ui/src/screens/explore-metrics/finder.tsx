// The list of metrics: searched by the server, described by metadata, sized by the store.

import { useMemo, useRef, useState } from "preact/hooks";
import { get } from "../../api/client";
import { Badge } from "../../components/badge";
import { Empty } from "../../components/empty";
import { ErrorNote } from "../../components/error-note";
import { Input } from "../../components/input";
import { Skeleton } from "../../components/panel";
import { Select } from "../../components/select";
import { type Column, Table } from "../../components/table";
import type { Metadata } from "../../editor/names";
import { compact, number, percent } from "../../format";
import { useKeys } from "../../hooks/keys";
import { useLoad } from "../../hooks/load";
import { useQueryState } from "../../router";
import { Time } from "../../time";
import { type Catalogue, catalogue, isShown, type Metric, type Show } from "./catalogue";
import { MetricDetail } from "./metric-detail";
import { type Found, searchMetrics } from "./search";
import type { Cardinality } from "./types";

/** The most that the server lists; a store with more metrics says "no data" for the small ones. */
const LISTED_MAX = 10_000;

const SHOWS: { value: Show; label: string }[] = [
  { value: "all", label: "All metrics" },
  { value: "unused", label: "Nobody asks for" },
  { value: "dead", label: "Without new samples" },
];

const TYPES = ["counter", "gauge", "histogram", "summary", "info", "unknown"];

export function Finder() {
  const [text, setText] = useQueryState("q", "");
  const [type, setType] = useQueryState("type", "");
  const [show, setShow] = useQueryState("show", "all");
  const [open, setOpen] = useQueryState("metric", "");
  const input = useRef<HTMLInputElement>(null);
  useKeys({ "/": () => input.current?.focus() }, { help: { "/": "search metrics" } });
  const found = useSearch(text);
  const known = useKnown();
  const rows = useMemo(
    () =>
      (found.data?.names ?? []).map((name) => known.of(name)).filter((metric) => isShown(metric, show as Show, type)),
    [found.data, known, show, type],
  );
  return (
    <>
      <div class="metrics-search">
        <Input
          type="search"
          label="Search metrics"
          placeholder="Search metrics, such as http dur"
          value={text}
          onInput={setText}
          inputRef={input}
          onEnter={() => rows[0] !== undefined && setOpen(rows[0].name)}
        />
        <Select label="Type" value={type} onChange={setType} options={[{ value: "", label: "All types" }, ...TYPES]} />
        <Select label="Which metrics" value={show as Show} onChange={setShow} options={SHOWS} />
        <span class="dim" role="status">
          {number(rows.length)} {rows.length === 1 ? "metric" : "metrics"}
          {found.data?.hasMore && ", and more: type to narrow them"}
        </span>
      </div>
      {found.error !== undefined && <ErrorNote error={found.error} again={found.again} />}
      {found.data === undefined ? (
        found.isLoading && <Skeleton />
      ) : (
        <Table
          name="metrics"
          caption="Metrics"
          columns={COLUMNS}
          rows={rows}
          id={(metric) => metric.name}
          onOpen={(metric) => setOpen(metric.name)}
          open={open}
          empty={<NoMetric text={text} />}
          bare
        />
      )}
      {open !== "" && <MetricDetail key={open} metric={known.of(open)} onClose={() => setOpen("")} />}
    </>
  );
}

/** What was found so far counts as loaded: the first lines are shown while others arrive. */
function useSearch(text: string) {
  const [partial, setPartial] = useState<{ text: string; found: Found } | null>(null);
  const state = useLoad((signal) => searchMetrics(text, signal, (found) => setPartial({ text, found })), [text]);
  const isNewer = state.isLoading && partial?.text === text;
  return { ...state, data: isNewer ? partial.found : state.data };
}

/** Meaning and size of metrics. Both are of help only: the list is there without them. */
function useKnown(): Catalogue {
  const metadata = useLoad(
    (signal) => get<Record<string, Metadata[]>>("/api/v1/metadata", { limit: LISTED_MAX, limit_per_metric: 1 }, signal),
    [],
  );
  const sizes = useLoad((signal) => get<Cardinality>("/api/v1/status/cardinality", { limit: LISTED_MAX }, signal), []);
  return useMemo(() => catalogue(metadata.data ?? {}, sizes.data), [metadata.data, sizes.data]);
}

function NoMetric({ text }: { text: string }) {
  if (text === "") {
    return <Empty title="No metric here" lines={["Nothing was received yet, or the filters leave nothing."]} />;
  }
  return (
    <Empty
      title={`No metric fits "${text}"`}
      lines={[
        "Names fit when they contain the characters in this order; with several words, when they fit each of them.",
      ]}
    />
  );
}

const COLUMNS: Column<Metric>[] = [
  {
    key: "name",
    title: "Metric",
    cell: (metric) => <span class="metrics-name is-wide">{metric.name}</span>,
    sort: (metric) => metric.name,
  },
  { key: "type", title: "Type", cell: (metric) => metric.type, sort: (metric) => metric.type, priority: 2 },
  { key: "unit", title: "Unit", cell: (metric) => metric.unit, sort: (metric) => metric.unit, priority: 3 },
  {
    key: "series",
    title: "Series",
    align: "end",
    cell: (metric) => (metric.series === 0 ? <Badge kind="muted">none now</Badge> : compact(metric.series)),
    sort: (metric) => metric.series,
    help: "Series that get samples now",
  },
  {
    key: "share",
    title: "Share",
    align: "end",
    cell: (metric) => percent(metric.share, 1),
    sort: (metric) => metric.share,
    priority: 3,
    help: "Of all series of the server",
  },
  {
    key: "asked",
    title: "Last asked for",
    cell: (metric) => <Asked at={metric.lastQueried} />,
    sort: (metric) => metric.lastQueried ?? null,
    priority: 2,
    help: "By a query, a rule or an objective",
  },
  {
    key: "help",
    title: "What it tells",
    cell: (metric) => <span class="metrics-help">{metric.help}</span>,
    text: (metric) => metric.help,
    priority: 2,
  },
];

export function Asked({ at }: { at: string | null | undefined }) {
  if (at === undefined) return <span class="dim">no data</span>;
  return at === null ? <Badge kind="muted">never</Badge> : <Time at={at} relative />;
}
