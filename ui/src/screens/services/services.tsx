// All services, the one that needs somebody first.

import { get } from "../../api/client";
import { useTick } from "../../api/live";
import type { RangeOptions } from "../../api/promql";
import { Sparkline } from "../../charts/sparkline";
import { Badge } from "../../components/badge";
import { BudgetBar } from "../../components/budget-bar";
import { Code } from "../../components/code";
import { Empty } from "../../components/empty";
import { ErrorNote } from "../../components/error-note";
import { exploreUrl } from "../../components/evidence";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { type Column, Table } from "../../components/table";
import { formatter, percent } from "../../format";
import { useLoad } from "../../hooks/load";
import { Link } from "../../router";
import { useTimeRange } from "../../time";
import { sloPath } from "../slo/budget";
import { alertsPath, alertsText, byUrgency, healthOf, healthRank, servicePath } from "./rows";
import { lastOf, loadSignals, queryOf, type Signal, type Signals } from "./signals";
import type { Service } from "./types";
import "./services.css";

/** Points of a line of the size of a word. */
const POINTS = 60;

export default function Services() {
  const tick = useTick(["slos", "alerts", "gateway", "targets"]);
  const page = useTimeRange();
  const list = useLoad((signal) => get<{ services: Service[] }>("/api/v1/services", undefined, signal), [tick]);
  const services = [...(list.data?.services ?? [])].sort(byUrgency);
  const options: RangeOptions = { from: page.from, to: page.to, step: page.step(POINTS) };
  const names = services
    .map((service) => service.name)
    .sort()
    .join("\n");
  const signals = useLoad(
    async (signal) => (services.length === 0 ? new Map<string, Signals>() : loadSignals(services, options, signal)),
    [names, page.fromText, page.toText, page.from, page.to],
  );
  return (
    <Page
      title="Services"
      sub="What SLOs, gateway routes and scrape jobs know about each, the one that needs somebody first."
    >
      <Panel state={list}>
        {() => (
          <>
            {signals.error !== undefined && <ErrorNote error={signals.error} again={signals.again} />}
            <Table
              name="services"
              caption="Services"
              columns={columnsOf(signals.data, options)}
              rows={services}
              id={(row) => row.name}
              to={(row) => servicePath(row.name)}
              empty={<NoServices />}
            />
          </>
        )}
      </Panel>
    </Page>
  );
}

function columnsOf(signals: Map<string, Signals> | undefined, options: RangeOptions): Column<Service>[] {
  const signal = (key: Signal, title: string, unit: string, priority: 1 | 2 | 3 = 1): Column<Service> => ({
    key,
    title,
    align: "end",
    priority,
    cell: (row) => <SignalCell service={row} of={key} unit={unit} signals={signals} options={options} />,
    sort: (row) => lastOf(signals?.get(row.name)?.[key], options),
  });
  return [
    { key: "name", title: "Service", cell: (row) => row.name, sort: (row) => row.name },
    {
      key: "status",
      title: "Status",
      cell: (row) => <Status {...healthOf(row)} />,
      sort: (row) => healthRank(healthOf(row)),
      filter: (row) => healthOf(row).word,
    },
    signal("rate", "Requests", "req/s"),
    signal("errors", "Errors", "percent"),
    signal("p99", "p99", "seconds", 2),
    {
      key: "budget",
      title: "Budget left",
      width: "180px",
      cell: (row) =>
        row.worst === null ? null : (
          <span class="services-bar">
            <BudgetBar remaining={row.worst.remaining} />
          </span>
        ),
      sort: (row) => row.worst?.remaining,
      help: "Of its worst SLO.",
    },
    { key: "worst", title: "Worst SLO", priority: 2, cell: (row) => <Worst of={row} />, sort: (row) => row.worst?.slo },
    signal("saturation", "Saturation", "percent", 3),
    {
      key: "alerts",
      title: "Alerts",
      cell: (row) => <Alerts of={row} />,
      sort: (row) => row.alerts.page * 1e6 + row.alerts.ticket * 1e3 + row.alerts.other,
    },
    {
      key: "sources",
      title: "Known from",
      priority: 3,
      cell: (row) => row.sources.join(", "),
      filter: (row) => row.sources,
      help: "An SLO names it, the gateway has a route for it, or a scrape job is called so.",
    },
  ];
}

interface SignalCellProps {
  service: Service;
  of: Signal;
  unit: string;
  signals: Map<string, Signals> | undefined;
  options: RangeOptions;
}

function SignalCell({ service, of, unit, signals, options }: SignalCellProps) {
  const query = queryOf(service, of);
  // There is no metric that would tell it: that is not the same as a metric without samples.
  if (query === null)
    return (
      <span class="dim" title="No metric tells this of it.">
        none
      </span>
    );
  const points = signals?.get(service.name)?.[of];
  const last = lastOf(points, options);
  const kind =
    of === "errors" && (last ?? 0) >= 0.01 ? " is-bad" : of === "saturation" && (last ?? 0) >= 0.8 ? " is-bad" : "";
  return (
    <Link class={`services-signal${kind}`} to={exploreUrl(query)} title="The query in Explore">
      <Sparkline points={points} unit={unit} label={of} width={48} min={0} />
      <span>
        {last === null ? <span class="dim">no data</span> : of === "errors" ? percent(last) : formatter(unit)(last)}
      </span>
    </Link>
  );
}

function Worst({ of: { worst } }: { of: Service }) {
  if (worst === null) return null;
  const name = worst.slo.slice(worst.slo.indexOf("/") + 1);
  return <Link to={sloPath(worst.slo)}>{name}</Link>;
}

function Alerts({ of: { alerts, name } }: { of: Service }) {
  const text = alertsText(alerts);
  if (text === "") return <span class="dim">none</span>;
  return (
    <Link to={alertsPath(name)}>
      <Badge kind={alerts.page > 0 ? "critical" : alerts.ticket > 0 ? "warning" : "info"}>{text}</Badge>
    </Link>
  );
}

function NoServices() {
  return (
    <Empty
      title="No service yet"
      lines={[
        "A service is what an SLO file, a route of the gateway or a scrape job names. The quickest way to one is to put the gateway before something that answers HTTP:",
      ]}
      actions={<Link to="/">Other ways to send data</Link>}
    >
      <Code language="shell" text="plimsoll gateway --to http://127.0.0.1:8000" />
    </Empty>
  );
}
