/** Which program this is, since when it runs, what it can do, and its own metrics. */

import { get } from "../../api/client";
import { Badge } from "../../components/badge";
import { exploreUrl } from "../../components/evidence";
import { KeyValue } from "../../components/key-value";
import { Panel } from "../../components/panel";
import { Table } from "../../components/table";
import { Time } from "../../components/time";
import { number } from "../../format";
import { type Loaded, useLoad } from "../../hooks/load";
import { Link } from "../../router";
import { useNow } from "../../time/clock";
import { formatDuration, toMilliseconds } from "../../time/format";
import { RangeChart } from "../gateway/range-chart";
import { type Feature, features } from "./features";
import { type OwnMetric, ownMetrics, type RawMetric } from "./own-metrics";
import type { BuildInfo, RuntimeInfo } from "./types";

export function AboutTab({ runtime }: { runtime: Loaded<RuntimeInfo> }) {
  const build = useLoad((signal) => get<BuildInfo>("/api/v1/status/buildinfo", undefined, signal), []);
  const able = useLoad(
    (signal) => get<Record<string, Record<string, boolean>>>("/api/v1/features", undefined, signal),
    [],
  );
  const own = useLoad((signal) => get<RawMetric[]>("/api/v1/status/self_metrics", undefined, signal), []);
  return (
    <>
      <div class="columns">
        <Panel title="This server" state={runtime}>
          {(info) => <ThisServer info={info} build={build.data} />}
        </Panel>
        <Panel title="Documentation">
          <Documents />
        </Panel>
      </div>
      <div class="columns">
        <RangeChart
          name="Memory of the process"
          unit="bytes"
          query={'max(process_resident_memory_bytes{job="plimsoll"})'}
          label="resident"
        />
        <RangeChart
          name="Cores that the process keeps busy"
          unit=""
          query={'max(rate(process_cpu_seconds_total{job="plimsoll"}[5m]))'}
          label="cores"
        />
        <RangeChart name="Open files" unit="" query={'max(process_open_fds{job="plimsoll"})'} label="open" />
      </div>
      <Panel title="Features" state={able}>
        {(all) => <Features all={features(all)} />}
      </Panel>
      <Panel title="Its own metrics" state={own}>
        {(all) => <OwnMetrics metrics={ownMetrics(all)} />}
      </Panel>
    </>
  );
}

function ThisServer({ info, build }: { info: RuntimeInfo; build: BuildInfo | undefined }) {
  return (
    <KeyValue
      rows={[
        ["Version", build?.version ?? "no data"],
        build !== undefined &&
          build.revision !== "" && [
            "Revision",
            <span key="r" class="mono">
              {build.revision}
            </span>,
          ],
        ["Host", info.hostname],
        ["Running for", <Uptime key="u" since={info.startTime} />],
        ["Since", <Time key="s" at={info.startTime} />],
        [
          "Works in",
          <span key="c" class="mono system-wrap">
            {info.CWD}
          </span>,
        ],
        ["Threads", number(info.GOMAXPROCS)],
        ["Tasks", number(info.goroutineCount)],
        ["Samples are kept for", info.storageRetention],
        info.corruptionCount > 0 && ["Damaged places found", number(info.corruptionCount)],
      ]}
    />
  );
}

function Uptime({ since }: { since: string }) {
  return <>{formatDuration(Math.max(0, Math.round((useNow() - toMilliseconds(since)) / 1000)))}</>;
}

const DOCUMENTS: [string, string][] = [
  ["Using it, command by command", "docs/using.md"],
  ["The HTTP API", "docs/http-api.md"],
  ["Storage: durability, backups, cardinality", "docs/operating-storage.md"],
  ["Rules and alerts", "docs/operating-alerts.md"],
  ["Objectives and budgets", "docs/operating-slo.md"],
  ["The gateway and its signals", "docs/gateway-signals.md"],
];

/** Pages of the repository; the program serves none of them, so they are named. */
function Documents() {
  return (
    <>
      <KeyValue
        rows={DOCUMENTS.map(([what, path]) => [
          what,
          <span key={path} class="mono">
            {path}
          </span>,
        ])}
      />
      <p class="dim">
        On the command line, `plimsoll help` and `plimsoll help COMMAND` say the same; `plimsoll check FILE` says what
        is wrong with any file.
      </p>
    </>
  );
}

function Features({ all }: { all: { group: string; features: Feature[] }[] }) {
  return (
    <KeyValue
      rows={all.map(({ group, features: own }) => [
        group,
        <span key={group} class="system-features">
          {own.map((feature) => (
            <Badge key={feature.name} kind={feature.isOn ? "ok" : "muted"} title={feature.isOn ? "on" : "off"}>
              {feature.name}
              {!feature.isOn && <span class="dim"> off</span>}
            </Badge>
          ))}
        </span>,
      ])}
    />
  );
}

function OwnMetrics({ metrics }: { metrics: OwnMetric[] }) {
  return (
    <Table
      name="own-metrics"
      caption="Metrics that the program tells of itself"
      rows={metrics}
      id={(metric) => metric.id}
      columns={[
        {
          key: "name",
          title: "Metric",
          cell: (metric) => (
            <Link class="mono" to={exploreUrl(metric.query)}>
              {metric.name}
            </Link>
          ),
          sort: (metric) => metric.name,
        },
        {
          key: "labels",
          title: "Labels",
          cell: (metric) => <span class="mono system-wrap">{metric.labels}</span>,
          text: (metric) => metric.labels,
          priority: 3,
        },
        {
          key: "value",
          title: "Value",
          align: "end",
          cell: (metric) => metric.text,
          sort: (metric) => metric.value,
        },
        {
          key: "type",
          title: "Type",
          cell: (metric) => metric.type,
          sort: (metric) => metric.type,
          filter: (metric) => metric.type,
          priority: 2,
        },
        { key: "help", title: "What it is", cell: (metric) => metric.help, text: (metric) => metric.help, priority: 2 },
      ]}
    />
  );
}
