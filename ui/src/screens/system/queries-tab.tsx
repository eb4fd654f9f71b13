/** Queries: those that run now, which may be ended, and what those of the last minutes cost. */

import { useState } from "preact/hooks";
import { del, get } from "../../api/client";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { Code } from "../../components/code";
import { Dialog } from "../../components/dialog";
import { ErrorNote } from "../../components/error-note";
import { exploreUrl } from "../../components/evidence";
import { Panel } from "../../components/panel";
import { Select } from "../../components/select";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { notify } from "../../components/toast";
import { bytes, compact, number, seconds } from "../../format";
import { useLoad } from "../../hooks/load";
import { Link, useQueryState } from "../../router";
import { formatDuration } from "../../time/format";
import { usePulse } from "../gateway/pulse";
import { RangeChart } from "../gateway/range-chart";
import type { ActiveQuery, QuerySum, TopQueries } from "./types";

const EVERY_MS = 2000;

export function QueriesTab() {
  return (
    <>
      <ActivePanel />
      <TopPanel />
      <div class="columns">
        <RangeChart
          name="Queries that run and wait"
          unit=""
          query={'sum(plimsoll_query_running{job="plimsoll"})'}
          label="running"
          more={[{ query: 'sum(plimsoll_query_waiting{job="plimsoll"})', name: "waiting" }]}
        />
        <RangeChart
          name="Memory that queries hold"
          unit="bytes"
          query={'sum(plimsoll_query_memory_bytes{job="plimsoll"})'}
          label="held"
        />
      </div>
    </>
  );
}

function ActivePanel() {
  const pulse = usePulse(EVERY_MS);
  const state = useLoad((signal) => get<ActiveQuery[]>("/api/v1/status/active_queries", undefined, signal), [pulse]);
  const [killing, setKilling] = useState<ActiveQuery | null>(null);
  return (
    <Panel title="Running now" state={state}>
      {(queries) => (
        <>
          <Table
            name="active"
            caption="Queries that run or wait, the oldest first"
            bare={queries.length < 20}
            rows={queries}
            id={(query) => query.id}
            empty={<p class="dim">No query runs or waits.</p>}
            columns={[
              {
                key: "state",
                title: "State",
                cell: (query) => <Status kind={query.state === "running" ? "info" : "warning"} word={query.state} />,
                sort: (query) => query.state,
              },
              {
                key: "for",
                title: "For",
                align: "end",
                cell: (query) => seconds(Number.parseFloat(query.duration)),
                sort: (query) => Number.parseFloat(query.duration),
              },
              {
                key: "query",
                title: "Query",
                cell: (query) => <QueryText text={query.query} range={rangeOf(query)} />,
              },
              {
                key: "range",
                title: "Range",
                align: "end",
                cell: (query) => formatDuration((query.end - query.start) / 1000),
                sort: (query) => query.end - query.start,
                priority: 2,
              },
              {
                key: "samples",
                title: "Samples",
                align: "end",
                cell: (query) => compact(query.samples),
                sort: (query) => query.samples,
              },
              {
                key: "series",
                title: "Series",
                align: "end",
                cell: (query) => compact(query.series),
                sort: (query) => query.series,
                priority: 2,
              },
              {
                key: "memory",
                title: "Memory",
                align: "end",
                cell: (query) => bytes(query.bytes),
                sort: (query) => query.bytes,
              },
              { key: "lane", title: "Lane", cell: (query) => <Badge>{query.lane}</Badge>, priority: 3 },
              { key: "client", title: "Client", cell: (query) => query.remote_addr, priority: 3 },
              {
                key: "kill",
                title: "End it",
                align: "end",
                cell: (query) => (
                  <Button small kind="danger" onPress={() => setKilling(query)}>
                    Kill ...
                  </Button>
                ),
              },
            ]}
          />
          {killing && <KillDialog query={killing} onClose={() => setKilling(null)} onDone={state.again} />}
        </>
      )}
    </Panel>
  );
}

interface KillProps {
  query: ActiveQuery;
  onClose: () => void;
  onDone: () => void;
}

function KillDialog({ query, onClose, onDone }: KillProps) {
  const [error, setError] = useState<Error | null>(null);
  const kill = async () => {
    try {
      await del(`/api/v1/status/active_queries/${encodeURIComponent(query.id)}`);
      notify("The query was ended");
      onDone();
      onClose();
    } catch (refused) {
      setError(refused instanceof Error ? refused : new Error(String(refused)));
    }
  };
  return (
    <Dialog
      title="Kill this query"
      danger
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button kind="danger" onPress={() => void kill()}>
            Kill
          </Button>
        </>
      }
    >
      <div class="stack">
        <p>
          Its client is answered 503. A dashboard that asks again begins it again; a rule is evaluated again at its next
          turn.
        </p>
        <Code text={query.query} language="PromQL" wrap />
        {error && <ErrorNote error={error} />}
      </div>
    </Dialog>
  );
}

/** The range of a query for Explore; an instant one is looked at over the last hour. */
function rangeOf(query: ActiveQuery): { from: string; to: string } | null {
  if (query.end <= query.start) return null;
  return { from: new Date(query.start).toISOString(), to: new Date(query.end).toISOString() };
}

function QueryText({ text, range }: { text: string; range: { from: string; to: string } | null }) {
  return (
    <Link class="mono system-query" to={exploreUrl(text, range?.from, range?.to)} title={text}>
      {text}
    </Link>
  );
}

const ORDERS = {
  sum: "by time in all",
  avg: "by time of one",
  count: "by count",
} as const;
type Order = keyof typeof ORDERS;

const LISTS: Record<Order, "topBySumDuration" | "topByAvgDuration" | "topByCount"> = {
  sum: "topBySumDuration",
  avg: "topByAvgDuration",
  count: "topByCount",
};

function TopPanel() {
  const [word, setOrder] = useQueryState("by", "sum");
  const [lifetime, setLifetime] = useQueryState("of", "10m");
  const order: Order = word in ORDERS && Object.hasOwn(ORDERS, word) ? (word as Order) : "sum";
  const pulse = usePulse(5 * EVERY_MS);
  const state = useLoad(
    (signal) => get<TopQueries>("/api/v1/status/top_queries", { topN: 50, maxLifetime: lifetime }, signal),
    [lifetime, pulse],
  );
  return (
    <Panel
      title="What cost most"
      state={state}
      actions={
        <>
          <Select
            label="Order"
            class="system-select"
            value={order}
            onChange={setOrder}
            options={Object.entries(ORDERS).map(([value, label]) => ({ value: value as Order, label }))}
          />
          <Select
            label="Of the last"
            class="system-select"
            value={lifetime}
            onChange={setLifetime}
            options={["10m", "1h", "6h", "24h"].map((value) => ({ value, label: `of the last ${value}` }))}
          />
        </>
      }
    >
      {(top) => <TopTable rows={top[LISTS[order]]} />}
    </Panel>
  );
}

function TopTable({ rows }: { rows: QuerySum[] }) {
  return (
    <Table
      name="top"
      caption="Queries that ended and what they cost"
      rows={rows}
      id={(row) => `${row.timeRangeSeconds} ${row.query}`}
      empty={<p class="dim">No query ended in this time.</p>}
      columns={[
        {
          key: "sum",
          title: "In all",
          align: "end",
          cell: (row) => seconds(row.sumDurationSeconds),
          sort: (row) => row.sumDurationSeconds,
        },
        {
          key: "avg",
          title: "One takes",
          align: "end",
          cell: (row) => seconds(row.avgDurationSeconds),
          sort: (row) => row.avgDurationSeconds,
        },
        { key: "count", title: "Count", align: "end", cell: (row) => number(row.count), sort: (row) => row.count },
        {
          key: "range",
          title: "Range",
          align: "end",
          cell: (row) => (row.timeRangeSeconds === 0 ? "instant" : formatDuration(row.timeRangeSeconds)),
          sort: (row) => row.timeRangeSeconds,
        },
        {
          key: "query",
          title: "Query",
          cell: (row) => <QueryText text={row.query} range={lately(row.timeRangeSeconds)} />,
          sort: (row) => row.query,
          text: (row) => row.query,
        },
      ]}
    />
  );
}

function lately(range: number): { from: string; to: string } | null {
  return range > 0 ? { from: `now-${range}s`, to: "now" } : null;
}
