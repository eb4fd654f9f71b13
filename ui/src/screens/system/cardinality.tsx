/** What makes the store large, what nobody asks for, and what limits fold. */

import { get } from "../../api/client";
import { exploreUrl } from "../../components/evidence";
import { Panel } from "../../components/panel";
import { Select } from "../../components/select";
import { Table } from "../../components/table";
import { Time } from "../../components/time";
import { bytes, number, percent } from "../../format";
import { useLoad } from "../../hooks/load";
import { Link, useQueryState } from "../../router";
import type { Cardinality, SeriesCount } from "./types";

export function CardinalityPanels() {
  const [limit, setLimit] = useQueryState("top", "10");
  const state = useLoad((signal) => get<Cardinality>("/api/v1/status/cardinality", { limit }, signal), [limit]);
  return (
    <>
      <Panel
        title="Cardinality"
        state={state}
        actions={
          <Select
            label="How many of each list"
            class="system-select"
            value={limit}
            onChange={setLimit}
            options={["10", "50", "200"].map((value) => ({ value, label: `the first ${value}` }))}
          />
        }
      >
        {(found) => (
          <div class="stack">
            <p class="system-facts">
              <span>{number(found.series)} active series</span>
              <span>{number(found.metrics)} metrics</span>
              <span>{number(found.labelNames)} names of labels</span>
              <span>{number(found.labelPairs)} pairs of labels</span>
            </p>
            <div class="columns">
              <Counted name="Metrics by series" rows={found.byMetric} query={byName} />
              <Counted name="Pairs by series" rows={found.byPair} query={byPair} />
              <Plain
                name="Labels by values"
                rows={found.byLabel.map(({ name, values }) => ({ name, value: values }))}
                show={number}
              />
              <Plain
                name="Labels by memory"
                rows={found.bytesByLabel.map((one) => ({ name: one.name, value: one.bytes }))}
                show={bytes}
              />
            </div>
          </div>
        )}
      </Panel>
      <Panel title="What nobody asked for" state={state}>
        {({ unused }) => (
          <div class="stack">
            <p>
              {number(unused.metrics)} metrics with {number(unused.series)} series ({percent(unused.share)} of all) were
              read by no query since <Time at={laterOf(unused.before, unused.recordedSince)} />
              {isShort(unused.before, unused.recordedSince) && (
                <span class="dim">, when the notes begin: a month's judgement needs a month</span>
              )}
              .
            </p>
            <Counted name="Unused metrics by series" rows={unused.byMetric} query={byName} />
          </div>
        )}
      </Panel>
      {state.data !== undefined && state.data.folding.length > 0 && (
        <Panel title="What limits fold">
          <Table
            name="folding"
            caption="Metrics whose labels are folded"
            bare
            rows={state.data.folding}
            id={(one) => `${one.metric}\n${one.label}`}
            columns={[
              { key: "metric", title: "Metric", cell: (one) => <span class="mono">{one.metric}</span> },
              { key: "label", title: "Label", cell: (one) => <span class="mono">{one.label}</span> },
              { key: "limit", title: "Limit", cell: (one) => one.limit },
              { key: "members", title: "Series folded", align: "end", cell: (one) => number(one.members) },
              { key: "into", title: "Into", align: "end", cell: (one) => number(one.overflowSeries) },
              { key: "since", title: "Since", cell: (one) => <Time at={one.since} /> },
            ]}
          />
        </Panel>
      )}
    </>
  );
}

function laterOf(before: string, since: string | null): string {
  return since !== null && Date.parse(since) > Date.parse(before) ? since : before;
}

function isShort(before: string, since: string | null): boolean {
  return since !== null && Date.parse(since) > Date.parse(before);
}

/** How many series of a metric come from where. */
function byName(name: string): string {
  return `count by (job, instance) ({__name__=${JSON.stringify(name)}})`;
}

/** Which metrics have a pair; a value may hold what separates it from its name. */
function byPair(pair: string): string | null {
  const at = pair.indexOf("=");
  if (at < 1) return null;
  const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
  if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) return null;
  return `topk(50, count by (__name__) ({${name}=${JSON.stringify(value)}}))`;
}

interface CountedProps {
  name: string;
  rows: SeriesCount[];
  query: (name: string) => string | null;
}

function Counted({ name, rows, query }: CountedProps) {
  return (
    <Table
      name={name.toLowerCase().replaceAll(" ", "-")}
      caption={name}
      bare
      rows={rows}
      id={(row) => row.name}
      empty={<p class="dim">{name}: none.</p>}
      columns={[
        {
          key: "name",
          title: name,
          cell: (row) => {
            const expression = query(row.name);
            return (
              <span class="mono system-wrap">
                {expression === null ? row.name : <Link to={exploreUrl(expression)}>{row.name}</Link>}
              </span>
            );
          },
        },
        { key: "series", title: "Series", align: "end", cell: (row) => number(row.series) },
        { key: "share", title: "Share", align: "end", cell: (row) => percent(row.share) },
      ]}
    />
  );
}

interface PlainProps {
  name: string;
  rows: { name: string; value: number }[];
  show: (value: number) => string;
}

function Plain({ name, rows, show }: PlainProps) {
  return (
    <Table
      name={name.toLowerCase().replaceAll(" ", "-")}
      caption={name}
      bare
      rows={rows}
      id={(row) => row.name}
      columns={[
        { key: "name", title: name, cell: (row) => <span class="mono system-wrap">{row.name}</span> },
        { key: "value", title: name.split(" by ")[1] ?? "Value", align: "end", cell: (row) => show(row.value) },
      ]}
    />
  );
}
