// What makes the store large, what comes and goes, and what nobody asks for.

import { get } from "../../api/client";
import { Evidence } from "../../components/evidence";
import { Notice } from "../../components/notice";
import { Panel } from "../../components/panel";
import { type Column, Table } from "../../components/table";
import { Tile } from "../../components/tile";
import { selectorOf } from "../../editor/names";
import { bytes, compact, number, percent } from "../../format";
import { useLoad } from "../../hooks/load";
import { Link } from "../../router";
import { formatTime, Time } from "../../time";
import { pairSelector } from "./pair";
import type { Cardinality, CountedMetric } from "./types";

const LISTED = 50;

export function CardinalityTables() {
  const state = useLoad(
    (signal) => get<Cardinality>("/api/v1/status/cardinality", { limit: LISTED, churn: "1h" }, signal),
    [],
  );
  return (
    <>
      {(state.data === undefined || state.error !== undefined) && <Panel title="Size" state={state} />}
      {state.data !== undefined && <Sizes data={state.data} />}
      {state.data !== undefined && <Tables data={state.data} />}
    </>
  );
}

function Sizes({ data }: { data: Cardinality }) {
  const { unused, churn } = data;
  return (
    <div class="tiles">
      <Tile label="Series" value={compact(data.series)} evidence="plimsoll_tsdb_head_series" />
      <Tile label="Metrics" value={compact(data.metrics)} evidence='count(count by (__name__) ({__name__!=""}))' />
      <Tile label="Label names" value={number(data.labelNames)} />
      <Tile label="Label pairs" value={compact(data.labelPairs)} />
      <Tile
        label="Asked for by nobody"
        value={percent(unused.share, 1)}
        sub={`${number(unused.metrics)} metrics since ${formatTime(unused.recordedSince)}`}
      />
      {churn !== undefined && (
        <Tile label="New in an hour" value={compact(churn.created)} sub={`${compact(churn.ended)} ended`} />
      )}
    </div>
  );
}

function Tables({ data }: { data: Cardinality }) {
  return (
    <div class="metrics-tables">
      <Panel title="Metrics with most series">
        <Table
          name="bymetric"
          columns={METRICS}
          rows={data.byMetric}
          id={nameOf}
          bare
          caption="Metrics with most series"
        />
      </Panel>
      <Panel title="Labels with most values">
        <Table name="bylabel" columns={LABELS} rows={data.byLabel} id={nameOf} bare caption="Labels with most values" />
      </Panel>
      <Panel title="Pairs in most series">
        <Table name="bypair" columns={PAIRS} rows={data.byPair} id={nameOf} bare caption="Pairs in most series" />
      </Panel>
      <Panel title="Labels that take most memory">
        <Table
          name="bybytes"
          columns={BYTES}
          rows={data.bytesByLabel}
          id={nameOf}
          bare
          caption="Labels that take most memory"
        />
      </Panel>
      <Panel title="Nobody asks for">
        <Unused data={data} />
      </Panel>
      {data.churn !== undefined && (
        <Panel title="Comes and goes">
          <p class="dim">
            The hour from <Time at={data.churn.middle} /> compared with the hour before.
          </p>
          <Table
            name="churn"
            columns={CHURN}
            rows={data.churn.byMetric}
            id={nameOf}
            bare
            caption="Series that came and went"
          />
        </Panel>
      )}
      {data.folding.length > 0 && (
        <Panel title="Folded by limits">
          <Table
            name="folding"
            columns={FOLDING}
            rows={data.folding}
            id={(row) => `${row.metric} ${row.label}`}
            bare
            caption="Labels whose values are folded by limits"
          />
        </Panel>
      )}
    </div>
  );
}

function Unused({ data }: { data: Cardinality }) {
  const { unused } = data;
  const isYoung = Date.parse(unused.recordedSince) > Date.parse(unused.before);
  return (
    <>
      {isYoung && (
        <Notice>
          Queries are noted only since <Time at={unused.recordedSince} />: what is asked for once a month cannot be told
          from what nobody asks for yet.
        </Notice>
      )}
      <Table
        name="unused"
        columns={METRICS}
        rows={unused.byMetric}
        id={nameOf}
        bare
        caption="Metrics that nobody asks for"
      />
    </>
  );
}

function nameOf({ name }: { name: string }): string {
  return name;
}

function metricUrl(name: string): string {
  return `/explore/metrics?${new URLSearchParams({ metric: name })}`;
}

function metricCell({ name }: { name: string }) {
  return (
    <Link to={metricUrl(name)} class="metrics-name">
      {name}
    </Link>
  );
}

function evidence<Row>(query: (row: Row) => string): Column<Row> {
  return { key: "evidence", title: "", cell: (row) => <Evidence query={query(row)} />, align: "end", width: "40px" };
}

const METRICS: Column<CountedMetric>[] = [
  { key: "name", title: "Metric", cell: metricCell, sort: nameOf },
  { key: "series", title: "Series", align: "end", cell: (row) => number(row.series), sort: (row) => row.series },
  { key: "share", title: "Share", align: "end", cell: (row) => percent(row.share, 1), sort: (row) => row.share },
  {
    key: "asked",
    title: "Last asked for",
    cell: (row) => (row.lastQueried === null ? <span class="dim">never</span> : <Time at={row.lastQueried} relative />),
    sort: (row) => row.lastQueried,
    priority: 2,
  },
  evidence((row) => `count(${selectorOf(row.name, [])})`),
];

const LABELS: Column<Cardinality["byLabel"][number]>[] = [
  { key: "name", title: "Label", cell: ({ name }) => <span class="metrics-name">{name}</span>, sort: nameOf },
  { key: "values", title: "Values", align: "end", cell: (row) => number(row.values), sort: (row) => row.values },
  evidence((row) => `count(count by (${row.name}) (${selectorOf("", [{ name: row.name, type: "!=", value: "" }])}))`),
];

const PAIRS: Column<Cardinality["byPair"][number]>[] = [
  { key: "name", title: "Pair", cell: ({ name }) => <span class="metrics-name">{name}</span>, sort: nameOf },
  { key: "series", title: "Series", align: "end", cell: (row) => number(row.series), sort: (row) => row.series },
  { key: "share", title: "Share", align: "end", cell: (row) => percent(row.share, 1), sort: (row) => row.share },
  evidence((row) => `count(${pairSelector(row.name)})`),
];

const BYTES: Column<Cardinality["bytesByLabel"][number]>[] = [
  { key: "name", title: "Label", cell: ({ name }) => <span class="metrics-name">{name}</span>, sort: nameOf },
  { key: "bytes", title: "Memory", align: "end", cell: (row) => bytes(row.bytes), sort: (row) => row.bytes },
];

const CHURN: Column<NonNullable<Cardinality["churn"]>["byMetric"][number]>[] = [
  { key: "name", title: "Metric", cell: metricCell, sort: nameOf },
  { key: "created", title: "New", align: "end", cell: (row) => number(row.created), sort: (row) => row.created },
  { key: "ended", title: "Ended", align: "end", cell: (row) => number(row.ended), sort: (row) => row.ended },
  { key: "series", title: "Series", align: "end", cell: (row) => number(row.series), sort: (row) => row.series },
  evidence((row) => `count(${selectorOf(row.name, [])})`),
];

const FOLDING: Column<Cardinality["folding"][number]>[] = [
  { key: "metric", title: "Metric", cell: (row) => metricCell({ name: row.metric }), sort: (row) => row.metric },
  { key: "label", title: "Label", cell: (row) => row.label, sort: (row) => row.label },
  { key: "limit", title: "Limit", cell: (row) => row.limit },
  {
    key: "members",
    title: "Values kept",
    align: "end",
    cell: (row) => number(row.members),
    sort: (row) => row.members,
  },
  {
    key: "folded",
    title: "Series folded",
    align: "end",
    cell: (row) => number(row.overflowSeries),
    sort: (row) => row.overflowSeries,
  },
  { key: "since", title: "Since", cell: (row) => <Time at={row.since} />, sort: (row) => row.since, priority: 2 },
];
