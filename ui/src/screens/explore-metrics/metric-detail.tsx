// One metric: what it means, its labels, who asks for it, and a query built by pressing what one wants.

import { useMemo, useState } from "preact/hooks";
import { get } from "../../api/client";
import { differingLabels, type Labels } from "../../api/promql";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { Copy } from "../../components/copy";
import { Drawer } from "../../components/drawer";
import { KeyValue } from "../../components/key-value";
import { Panel } from "../../components/panel";
import { Select } from "../../components/select";
import { type Column, Table } from "../../components/table";
import { type Matcher, selectorOf } from "../../editor/names";
import { number, percent } from "../../format";
import { useLoad } from "../../hooks/load";
import { Link } from "../../router";
import { useTimeRange } from "../../time";
import { type Proposal, proposals, toggled } from "./build";
import { type LabelUse, labelsOf } from "./cardinality-of";
import type { Metric } from "./catalogue";
import { Asked } from "./finder";
import { Preview } from "./preview";
import { type Use, usesOf } from "./uses";

/** Series whose labels are counted here; a metric with more is described by the first ones. */
const SERIES_MAX = 5000;

export interface MetricDetailProps {
  metric: Metric;
  onClose(): void;
}

export function MetricDetail({ metric, onClose }: MetricDetailProps) {
  const range = useTimeRange();
  const series = useLoad(
    (signal) =>
      get<Labels[]>(
        "/api/v1/series",
        { "match[]": selectorOf(metric.name, []), start: range.from / 1000, end: range.to / 1000, limit: SERIES_MAX },
        signal,
      ),
    // Labels change slowly: not at every step of live mode.
    [metric.name, range.fromText, range.toText],
  );
  const [matchers, setMatchers] = useState<Matcher[]>([]);
  const [by, setBy] = useState<string[]>([]);
  const pick = (name: string, value: string) => setMatchers(toggled(matchers, name, value));
  const keep = (name: string) => setBy(by.includes(name) ? by.filter((other) => other !== name) : [...by, name]);
  return (
    <Drawer title={<span class="metrics-name">{metric.name}</span>} onClose={onClose} wide>
      <div class="stack">
        <About metric={metric} seen={series.data?.length} />
        <Builder metric={metric} matchers={matchers} by={by} onDrop={pick} />
        <Panel title="Labels" state={series}>
          {(all) => <LabelTable all={all} matchers={matchers} by={by} onPick={pick} onKeep={keep} />}
        </Panel>
        <UsePanel metric={metric.name} />
      </div>
    </Drawer>
  );
}

function About({ metric, seen }: { metric: Metric; seen: number | undefined }) {
  return (
    <>
      {metric.help !== "" && <p>{metric.help}</p>}
      <KeyValue
        rows={[
          ["Type", metric.type],
          metric.unit !== "" && ["Unit", metric.unit],
          [
            "Series now",
            metric.series === null || metric.series === 0
              ? metric.series === 0
                ? "none"
                : number(null)
              : `${number(metric.series)} (${percent(metric.share, 1)} of all)`,
          ],
          seen !== undefined && ["In this range", seen >= SERIES_MAX ? `${number(SERIES_MAX)} or more` : number(seen)],
          ["Last asked for", <Asked key="asked" at={metric.lastQueried} />],
        ]}
      />
    </>
  );
}

interface BuilderProps {
  metric: Metric;
  matchers: readonly Matcher[];
  by: readonly string[];
  onDrop(name: string, value: string): void;
}

const RANGES = ["1m", "5m", "15m", "1h"];

function Builder({ metric, matchers, by, onDrop }: BuilderProps) {
  const [title, setTitle] = useState<string | null>(null);
  const [range, setRange] = useState("5m");
  const isNative = metric.type === "histogram" && !metric.name.endsWith("_bucket");
  const all = proposals(metric, { matchers, by, range }, isNative);
  const chosen: Proposal | undefined = all.find((proposal) => proposal.title === title) ?? all[0];
  if (chosen === undefined) return null;
  const query = new URLSearchParams({ expr: chosen.expression, ...(chosen.tab && { tab: chosen.tab }) });
  return (
    <Panel
      title="Query"
      actions={
        <>
          <Copy text={chosen.expression} label="PromQL" />
          <Link to={`/explore?${query}`} class="button is-small is-primary">
            Open in Explore
          </Link>
        </>
      }
    >
      <div class="row">
        {all.map((proposal) => (
          <Button key={proposal.title} small pressed={proposal === chosen} onPress={() => setTitle(proposal.title)}>
            {proposal.title}
          </Button>
        ))}
        {chosen.expression.includes(`[${range}]`) && (
          <Select label="Range" value={range} onChange={setRange} options={RANGES} class="metrics-range" />
        )}
      </div>
      {matchers.length > 0 && (
        <div class="row">
          {matchers.map(({ name, value }) => (
            <Button key={name} small icon="close" title="Take this condition away" onPress={() => onDrop(name, value)}>
              {name}={value}
            </Button>
          ))}
        </div>
      )}
      <pre class="metrics-expression">{chosen.expression}</pre>
      <Preview proposal={chosen} name={metric.name} />
    </Panel>
  );
}

interface LabelTableProps {
  all: readonly Labels[];
  matchers: readonly Matcher[];
  by: readonly string[];
  onPick(name: string, value: string): void;
  onKeep(name: string): void;
}

function LabelTable({ all, matchers, by, onPick, onKeep }: LabelTableProps) {
  const uses = useMemo(() => labelsOf(all), [all]);
  const differing = useMemo(() => new Set(differingLabels(all)), [all]);
  const columns: Column<LabelUse>[] = [
    {
      key: "name",
      title: "Label",
      cell: ({ name }) => <span class="metrics-name">{name}</span>,
      sort: ({ name }) => name,
    },
    {
      key: "values",
      title: "Values",
      align: "end",
      cell: ({ values }) => number(values),
      sort: ({ values }) => values,
    },
    {
      key: "top",
      title: "Most series have",
      cell: ({ name, top, values }) => (
        <span class="metrics-values">
          {top.map(({ value, series }) => (
            <Button
              key={value}
              small
              pressed={matchers.some((matcher) => matcher.name === name && matcher.value === value)}
              title={`${series} series: only ${name}="${value}"`}
              onPress={() => onPick(name, value)}
            >
              <span class="metrics-value">{value === "" ? '""' : value}</span>
            </Button>
          ))}
          {values > top.length && <span class="dim">and {number(values - top.length)} more</span>}
        </span>
      ),
    },
    {
      key: "by",
      title: "Apart",
      cell: ({ name }) =>
        differing.has(name) && name !== "le" ? (
          <Button small pressed={by.includes(name)} title={`A curve for each ${name}`} onPress={() => onKeep(name)}>
            by
          </Button>
        ) : null,
    },
  ];
  return (
    <>
      {all.length >= SERIES_MAX && <p class="dim">Counted from the first {number(SERIES_MAX)} series.</p>}
      <Table
        name="labels"
        caption="Labels"
        columns={columns}
        rows={uses}
        id={({ name }) => name}
        bare
        empty={<p class="dim">No series of it in this time range.</p>}
      />
    </>
  );
}

function UsePanel({ metric }: { metric: string }) {
  const uses = useLoad((signal) => usesOf(metric, signal), [metric]);
  return (
    <Panel title="Who asks for it" state={uses}>
      {(all) =>
        all.length === 0 ? (
          <p class="dim">No rule names it, and none of the queries that cost most.</p>
        ) : (
          <ul class="metrics-uses">
            {all.map((use) => (
              <UseLine key={`${use.kind} ${use.name} ${use.expression}`} use={use} />
            ))}
          </ul>
        )
      }
    </Panel>
  );
}

function UseLine({ use }: { use: Use }) {
  return (
    <li>
      <Badge>{use.kind}</Badge> <Link to={use.to}>{use.kind === "query" ? "Open" : use.name}</Link>
      <code class="metrics-expression">{use.expression}</code>
    </li>
  );
}
