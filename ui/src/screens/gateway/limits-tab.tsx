/** Limits: what is let in, who waits, and who was sent away so that others could be served. */

import { get } from "../../api/client";
import { instant } from "../../api/promql";
import type { GatewayConcurrency as Concurrency, GatewayLimits as Limits } from "../../api/types";
import { Badge } from "../../components/badge";
import { Empty } from "../../components/empty";
import { exploreUrl } from "../../components/evidence";
import { Panel } from "../../components/panel";
import { Table } from "../../components/table";
import { number, percent, rate, seconds } from "../../format";
import { type Loaded, useLoad } from "../../hooks/load";
import { Link } from "../../router";
import { DRY_RUN_OF_HOUR, QUEUE_WAIT, REQUESTS_BY_CRITICALITY, SHEDS_BY_CRITICALITY, SHEDS_OF_HOUR } from "./evidence";
import { RangeChart } from "./range-chart";
import { CLASSES, type ShedRow, shedRows } from "./sheds";
import { rateText } from "./states";

export function LimitsTab({ pulse }: { pulse: number }) {
  const limits = useLoad((signal) => get<Limits>("/api/v1/gateway/limits", undefined, signal), [pulse]);
  const sheds = useLoad(loadSheds, [Math.floor(pulse / 3)]);
  return (
    <>
      <Panel title="Shed by criticality" state={sheds}>
        {(rows) => <Sheds rows={rows} />}
      </Panel>
      <div class="columns">
        <RangeChart
          name="Shed per second"
          unit="req/s"
          query={SHEDS_BY_CRITICALITY}
          stacked
          none="Nothing was shed in this range."
        />
        <RangeChart
          name="Wait for a place, p99"
          unit="seconds"
          query={QUEUE_WAIT}
          none="No request had to wait for a place in this range."
        />
      </div>
      <ConcurrencyPanel limits={limits} />
      <RatesPanel limits={limits} />
      <InFlightPanel limits={limits} />
    </>
  );
}

async function loadSheds(signal: AbortSignal): Promise<ShedRow[]> {
  const ask = (query: string) => instant(query, undefined, signal);
  const [requests, sheds, hour] = await Promise.all([
    ask(REQUESTS_BY_CRITICALITY),
    ask(SHEDS_BY_CRITICALITY),
    ask(SHEDS_OF_HOUR),
  ]);
  return shedRows(requests, sheds, hour);
}

function Sheds({ rows }: { rows: ShedRow[] }) {
  return (
    <Table
      name="sheds"
      caption="What was shed of each class of criticality"
      bare
      rows={rows}
      id={(row) => row.class}
      columns={[
        { key: "class", title: "Class", cell: (row) => <strong>{row.class}</strong> },
        {
          key: "requests",
          title: "Requests",
          align: "end",
          cell: (row) => <Figure of={row.requests} query={REQUESTS_BY_CRITICALITY} />,
        },
        {
          key: "sheds",
          title: "Shed",
          align: "end",
          cell: (row) => <Figure of={row.sheds} query={SHEDS_BY_CRITICALITY} />,
        },
        {
          key: "share",
          title: "Share shed",
          align: "end",
          cell: (row) => (row.share === null ? <span class="dim">idle</span> : percent(row.share)),
        },
        {
          key: "why",
          title: "In the last hour: route, reason",
          cell: (row) => <Reasons row={row} />,
          priority: 2,
        },
      ]}
    />
  );
}

/** A rate that leads to the query behind it. */
function Figure({ of, query }: { of: number | null; query: string }) {
  if (of === null) return <span class="dim">no data</span>;
  return <Link to={exploreUrl(query)}>{of === 0 ? "0" : rate(of)}</Link>;
}

const REASONS_SHOWN = 3;

function Reasons({ row }: { row: ShedRow }) {
  if (row.reasons.length === 0) return <span class="dim">none</span>;
  return (
    <span>
      {row.reasons.slice(0, REASONS_SHOWN).map(({ route, reason, count }) => (
        <span key={`${route} ${reason}`} class="gateway-reason">
          {number(Math.round(count))} {route} <span class="dim">{reason.replaceAll("_", " ")}</span>
        </span>
      ))}
      {row.reasons.length > REASONS_SHOWN && <span class="dim"> and {row.reasons.length - REASONS_SHOWN} more</span>}
    </span>
  );
}

type Door = Concurrency & { backend: string };

/** P0 to P3 in four numbers. */
function ByClass({ of, show }: { of: Record<string, number>; show: (value: number) => string }) {
  return (
    <span class="gateway-classes">
      {CLASSES.map((name) => {
        const value = of[name];
        return (
          <span key={name}>
            <span class="dim">{name}</span>{" "}
            <span class={value === undefined ? "dim" : undefined}>{value === undefined ? "no data" : show(value)}</span>
          </span>
        );
      })}
    </span>
  );
}

function ConcurrencyPanel({ limits }: { limits: Loaded<Limits> }) {
  return (
    <Panel title="Concurrency limits and their queues" state={limits}>
      {({ concurrency }) => (
        <Table<Door>
          name="concurrency"
          rows={concurrency}
          id={(row) => row.backend}
          bare={concurrency.length < 20}
          empty={
            <Empty
              title="No backend limits its requests in flight"
              lines={[
                "A limit with a queue keeps a backend from being overloaded, and sheds the least important first: write concurrency at a backend of gateway.yml.",
              ]}
            />
          }
          columns={[
            {
              key: "backend",
              title: "Backend",
              cell: (row) => <strong>{row.backend}</strong>,
              sort: (row) => row.backend,
            },
            { key: "kind", title: "Kind", cell: (row) => row.kind, priority: 3 },
            {
              key: "inflight",
              title: "In flight",
              align: "end",
              cell: (row) => <Use used={row.inFlight} of={row.limit} />,
              sort: (row) => row.inFlight / Math.max(1, row.limit),
            },
            {
              key: "limit",
              title: "Limit",
              align: "end",
              cell: (row) => (
                <>
                  {number(row.limit)} {row.isMeasuring && <Badge kind="info">measuring</Badge>}
                </>
              ),
              sort: (row) => row.limit,
            },
            {
              key: "waiting",
              title: "Waiting",
              align: "end",
              cell: (row) => <ByClass of={row.waiting} show={(value) => number(value)} />,
            },
            {
              key: "admitted",
              title: "Let in",
              align: "end",
              cell: (row) => <ByClass of={row.admitted} show={(value) => percent(value, 0)} />,
              priority: 2,
            },
            {
              key: "wait",
              title: "Mean wait",
              align: "end",
              cell: (row) => seconds(row.meanWaitSeconds),
              sort: (row) => row.meanWaitSeconds,
              priority: 2,
            },
            {
              key: "longest",
              title: "Longest wait now",
              align: "end",
              cell: (row) => seconds(row.longestWaitSeconds),
              sort: (row) => row.longestWaitSeconds,
              priority: 3,
            },
          ]}
        />
      )}
    </Panel>
  );
}

/** How much of a limit is used, as a number and a bar. */
function Use({ used, of }: { used: number; of: number }) {
  return (
    <span class="gateway-use">
      {number(used)}
      <span class="gateway-bar" aria-hidden="true">
        <span style={{ width: `${Math.min(1, used / Math.max(1, of)) * 100}%` }} />
      </span>
    </span>
  );
}

function RatesPanel({ limits }: { limits: Loaded<Limits> }) {
  const dry = useLoad((signal) => instant(DRY_RUN_OF_HOUR, undefined, signal), []);
  const wouldRefuse = (route: string, limit: string) => {
    if (dry.data === undefined) return null;
    const found = dry.data.find((one) => one.labels.route === route && one.labels.limit === limit);
    return found?.points.at(-1)?.[1] ?? 0;
  };
  return (
    <Panel title="Rate limits" state={limits}>
      {({ rates }) => (
        <Table
          name="rates"
          rows={rates}
          id={(row) => `${row.route}\n${row.name}`}
          bare={rates.length < 20}
          empty={
            <Empty
              title="No route limits how often requests come"
              lines={[
                "A rate limit by client keeps one of them from taking all: write limits at a route of gateway.yml.",
              ]}
            />
          }
          columns={[
            { key: "route", title: "Route", cell: (row) => <strong>{row.route}</strong>, sort: (row) => row.route },
            {
              key: "limit",
              title: "Limit",
              cell: (row) => (
                <>
                  {row.name} {row.isDryRun && <Badge kind="info">dry run</Badge>}
                </>
              ),
              sort: (row) => row.name,
            },
            { key: "key", title: "By", cell: (row) => row.key },
            { key: "rate", title: "Lets in", cell: (row) => rateText(row) },
            {
              key: "keys",
              title: "Keys known",
              align: "end",
              cell: (row) => number(row.keys),
              sort: (row) => row.keys,
            },
            {
              key: "forgotten",
              title: "Keys forgotten",
              align: "end",
              cell: (row) => number(row.forgotten),
              sort: (row) => row.forgotten,
              help: "Keys that had to make room for others: those begin with a full allowance again.",
              priority: 3,
            },
            {
              key: "dry",
              title: "Would have refused, 1 h",
              align: "end",
              cell: (row) => {
                if (!row.isDryRun) return <span class="dim">it refuses</span>;
                const count = wouldRefuse(row.route, row.name);
                return count === null ? <span class="dim">no data</span> : number(Math.round(count));
              },
              priority: 3,
            },
          ]}
        />
      )}
    </Panel>
  );
}

function InFlightPanel({ limits }: { limits: Loaded<Limits> }) {
  if (limits.data?.inFlight.length === 0) return null;
  return (
    <Panel title="Requests in flight by route" state={limits}>
      {({ inFlight }) => (
        <Table
          name="bulkheads"
          rows={inFlight}
          id={(row) => row.route}
          bare={inFlight.length < 20}
          columns={[
            { key: "route", title: "Route", cell: (row) => <strong>{row.route}</strong>, sort: (row) => row.route },
            {
              key: "inflight",
              title: "In flight",
              align: "end",
              cell: (row) => <Use used={row.inFlight} of={row.max} />,
              sort: (row) => row.inFlight / Math.max(1, row.max),
            },
            { key: "max", title: "At most", align: "end", cell: (row) => number(row.max), sort: (row) => row.max },
          ]}
        />
      )}
    </Panel>
  );
}
