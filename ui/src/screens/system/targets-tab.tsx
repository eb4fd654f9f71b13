/** What is scraped: what is down first, with the error, the labels and how they came about. */

import { useMemo, useState } from "preact/hooks";
import { instant } from "../../api/promql";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { Code } from "../../components/code";
import { Empty } from "../../components/empty";
import { Labels } from "../../components/labels";
import { Panel } from "../../components/panel";
import { Status, type StatusKind } from "../../components/status";
import { Table } from "../../components/table";
import { Time } from "../../components/time";
import { number, seconds } from "../../format";
import { type Loaded, useLoad } from "../../hooks/load";
import { setQuery, useRoute } from "../../router";
import { TargetDrawer } from "./target-drawer";
import { labelsKey, type Pool, pools, targetKey, worstFirst } from "./target-list";
import type { DroppedTarget, Target, Targets } from "./types";

const HEALTH: Record<Target["health"], StatusKind> = { up: "ok", down: "critical", unknown: "unknown" };

/** The state of a target. */
export function Health({ of }: { of: Target["health"] }) {
  return <Status kind={HEALTH[of] ?? "unknown"} word={of === "unknown" ? "not scraped yet" : of} />;
}

export function TargetsTab({ targets }: { targets: Loaded<Targets> }) {
  const { query } = useRoute();
  const open = query.get("target");
  const samples = useLoad(loadSamples, [targets.at ?? 0]);
  const active = targets.data?.activeTargets;
  const rows = useMemo(() => worstFirst(active ?? []), [active]);
  const target = rows.find((one) => targetKey(one) === open);
  const dropped = targets.data?.droppedTargets.find((one) => droppedKey(one) === open);
  return (
    <>
      <Panel title="Jobs" state={targets}>
        {({ activeTargets, droppedTargetCounts }) => <Pools pools={pools(activeTargets, droppedTargetCounts)} />}
      </Panel>
      <Panel title="Targets" state={targets}>
        {() => <TargetTable rows={rows} samples={samples.data} open={open} />}
      </Panel>
      <DroppedPanel targets={targets} open={open} />
      {(target ?? dropped) && (
        <TargetDrawer
          target={target}
          pool={(target ?? dropped)?.scrapePool ?? ""}
          discovered={(target ?? dropped)?.discoveredLabels ?? {}}
          samples={target && samples.data?.get(labelsKey(target.labels))}
          onClose={() => setQuery({ target: null })}
        />
      )}
    </>
  );
}

/** Samples of each target's last scrape, by its labels. */
async function loadSamples(signal: AbortSignal): Promise<Map<string, number>> {
  const series = await instant("scrape_samples_scraped", undefined, signal);
  return new Map(series.map((one) => [labelsKey(one.labels), one.points.at(-1)?.[1] ?? Number.NaN]));
}

/** With more jobs than this only those that are not well are shown at first. */
const POOLS_SHOWN = 8;

function Pools({ pools: all }: { pools: Pool[] }) {
  const [isWhole, setWhole] = useState(false);
  const bad = all.filter((pool) => pool.down + pool.unknown > 0 || pool.up === 0);
  if (isWhole || all.length <= POOLS_SHOWN) return <PoolTable pools={all} />;
  return (
    <>
      {bad.length > 0 && <PoolTable pools={bad} />}
      <p class="row">
        <Status kind="ok" word={`${all.length - bad.length} jobs have all of their targets up`} />
        <Button small onPress={() => setWhole(true)}>
          Show all jobs
        </Button>
      </p>
    </>
  );
}

function PoolTable({ pools: all }: { pools: Pool[] }) {
  return (
    <Table
      name="jobs"
      caption="Jobs and how many of their targets are up"
      bare={all.length < 20}
      rows={all}
      id={(pool) => pool.name}
      empty={<NoTargets />}
      columns={[
        {
          key: "state",
          title: "State",
          cell: (pool) => <PoolState pool={pool} />,
          sort: (pool) => -pool.down,
        },
        { key: "job", title: "Job", cell: (pool) => <strong>{pool.name}</strong>, sort: (pool) => pool.name },
        { key: "up", title: "Up", align: "end", cell: (pool) => number(pool.up), sort: (pool) => pool.up },
        {
          key: "down",
          title: "Down",
          align: "end",
          cell: (pool) => <Count of={pool.down} />,
          sort: (pool) => pool.down,
        },
        {
          key: "unknown",
          title: "Not scraped yet",
          align: "end",
          cell: (pool) => <Count of={pool.unknown} />,
          sort: (pool) => pool.unknown,
          priority: 2,
        },
        {
          key: "dropped",
          title: "Dropped by relabelling",
          align: "end",
          cell: (pool) => <Count of={pool.dropped} />,
          sort: (pool) => pool.dropped,
          priority: 2,
        },
      ]}
    />
  );
}

function PoolState({ pool }: { pool: Pool }) {
  const all = pool.up + pool.down + pool.unknown;
  if (pool.down > 0) return <Status kind="critical" word={`${pool.down} of ${all} down`} />;
  if (all === 0) return <Status kind="muted" word="no targets" />;
  if (pool.unknown > 0) return <Status kind="unknown" word="beginning" />;
  return <Status kind="ok" word="all up" />;
}

function Count({ of }: { of: number }) {
  return of === 0 ? <span class="dim">0</span> : <span>{number(of)}</span>;
}

const SCRAPE = `scrape_configs:
  - job_name: shop
    static_configs:
      - targets: ["127.0.0.1:8000"]`;

function NoTargets() {
  return (
    <Empty title="Nothing is scraped" lines={["Name the addresses of what tells its metrics in prometheus.yml:"]}>
      <Code text={SCRAPE} language="YAML" />
    </Empty>
  );
}

interface TargetTableProps {
  rows: Target[];
  samples: Map<string, number> | undefined;
  open: string | null;
}

function TargetTable({ rows, samples, open }: TargetTableProps) {
  return (
    <Table
      name="targets"
      caption="Targets, those that are down first"
      rows={rows}
      id={targetKey}
      open={open}
      onOpen={(target) => setQuery({ target: targetKey(target) }, { replace: false })}
      empty={<NoTargets />}
      columns={[
        {
          key: "state",
          title: "State",
          cell: (target) => <Health of={target.health} />,
          sort: (target) => target.health,
          filter: (target) => target.health,
        },
        {
          key: "job",
          title: "Job",
          cell: (target) => target.scrapePool,
          sort: (target) => target.scrapePool,
          filter: (target) => target.scrapePool,
        },
        {
          key: "target",
          title: "Target",
          cell: (target) => <TargetName target={target} />,
          sort: (target) => target.scrapeUrl,
          text: (target) => `${target.scrapeUrl} ${target.labels.instance ?? ""} ${target.lastError}`,
        },
        {
          key: "labels",
          title: "Labels",
          cell: (target) => (
            <Labels
              of={target.labels}
              without={
                target.scrapeUrl.includes(target.labels.instance ?? "") || target.scrapeUrl.startsWith("internal:")
                  ? ["job", "instance"]
                  : ["job"]
              }
            />
          ),
          text: (target) =>
            Object.entries(target.labels)
              .map(([name, value]) => `${name}=${value}`)
              .join(" "),
          priority: 2,
        },
        {
          key: "scraped",
          title: "Last scrape",
          align: "end",
          cell: (target) => <Time at={target.lastScrape} relative />,
          sort: (target) => target.lastScrape,
          priority: 2,
        },
        {
          key: "took",
          title: "Took",
          align: "end",
          cell: (target) => seconds(target.lastScrapeDuration),
          sort: (target) => target.lastScrapeDuration,
          priority: 3,
        },
        {
          key: "samples",
          title: "Samples",
          align: "end",
          cell: (target) => <Samples of={samples?.get(labelsKey(target.labels))} />,
          sort: (target) => samples?.get(labelsKey(target.labels)),
          priority: 3,
        },
        {
          key: "interval",
          title: "Every",
          align: "end",
          cell: (target) => target.scrapeInterval,
          sort: (target) => target.scrapeInterval,
          priority: 3,
        },
      ]}
    />
  );
}

function Samples({ of }: { of: number | undefined }) {
  return of === undefined || Number.isNaN(of) ? <span class="dim">no data</span> : <span>{number(of)}</span>;
}

/** The address, and below it what went wrong at the last scrape. */
function TargetName({ target }: { target: Target }) {
  const isInternal = target.scrapeUrl.startsWith("internal:");
  return (
    <span class="system-target">
      <span>{isInternal ? (target.labels.instance ?? target.scrapeUrl) : target.scrapeUrl}</span>
      {isInternal && " "}
      {isInternal && <Badge title="It is collected in the process, without a scrape">built in</Badge>}
      {target.lastError !== "" && <span class="system-error">{target.lastError}</span>}
    </span>
  );
}

/** Identifies what discovery found and relabelling dropped. */
function droppedKey(dropped: DroppedTarget): string {
  return `dropped ${dropped.scrapePool} ${labelsKey(dropped.discoveredLabels)}`;
}

function DroppedPanel({ targets, open }: { targets: Loaded<Targets>; open: string | null }) {
  const dropped = targets.data?.droppedTargets ?? [];
  if (dropped.length === 0) return null;
  return (
    <Panel title="Dropped by relabelling">
      <Table
        name="dropped"
        caption="What discovery found and relabelling dropped"
        bare={dropped.length < 20}
        rows={dropped}
        id={droppedKey}
        open={open}
        onOpen={(one) => setQuery({ target: droppedKey(one) }, { replace: false })}
        columns={[
          {
            key: "job",
            title: "Job",
            cell: (one) => one.scrapePool,
            sort: (one) => one.scrapePool,
            filter: (one) => one.scrapePool,
          },
          {
            key: "address",
            title: "Address",
            cell: (one) => one.discoveredLabels.__address__ ?? "",
            sort: (one) => one.discoveredLabels.__address__,
          },
          {
            key: "labels",
            title: "Labels that discovery found",
            cell: (one) => <Labels of={one.discoveredLabels} without={HIDDEN} />,
            text: (one) => JSON.stringify(one.discoveredLabels),
          },
        ]}
      />
    </Panel>
  );
}

/** What every target has, and says nothing of why it was dropped. */
const HIDDEN = ["__address__", "__metrics_path__", "__scheme__", "__scrape_interval__", "__scrape_timeout__", "job"];
