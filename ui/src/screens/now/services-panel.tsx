import { Badge } from "../../components/badge";
import { BudgetBar } from "../../components/budget-bar";
import { exploreUrl } from "../../components/evidence";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { type Column, Table } from "../../components/table";
import type { Loaded } from "../../hooks/load";
import { Link } from "../../router";
import { alertsPath, alertsText, healthOf, healthRank, servicePath } from "../services/rows";
import { burnKind, burnText, leftInTime, outageTime, sloPath } from "../slo/budget";
import { burnQuery, periodBurnQuery } from "../slo/burns";
import type { Overview, Watched } from "./load";

/** Rows on this page; the list of services has all of them. */
const SHOWN = 15;

/** Services by what is left of their worst budget. */
export function ServicesPanel({ services }: { services: Loaded<Overview> }) {
  return (
    <Panel title="Services, the least budget first" state={services} actions={<Link to="/services">All services</Link>}>
      {(found: Overview) => (
        <>
          <Table
            name="now"
            bare
            caption="Services"
            columns={COLUMNS}
            rows={found.services.slice(0, SHOWN)}
            id={(row) => row.service.name}
            to={(row) => servicePath(row.service.name)}
            empty={
              <p>
                No service yet: an SLO, a route of the gateway or a scrape job makes one.{" "}
                <Link to="/?guide=on">How to send data</Link>
              </p>
            }
          />
          {found.services.length > SHOWN && (
            <p class="dim">
              {SHOWN} of {found.services.length}. <Link to="/services">All of them</Link>
            </p>
          )}
        </>
      )}
    </Panel>
  );
}

const COLUMNS: Column<Watched>[] = [
  { key: "name", title: "Service", cell: ({ service }) => service.name, sort: ({ service }) => service.name },
  {
    key: "status",
    title: "Status",
    cell: ({ service }) => <Status {...healthOf(service)} />,
    sort: ({ service }) => healthRank(healthOf(service)),
  },
  {
    key: "left",
    title: "Budget left",
    width: "220px",
    cell: ({ service, worst }) =>
      service.worst === null ? null : (
        <span class="now-bar">
          <BudgetBar
            remaining={service.worst.remaining}
            {...(worst === undefined ? {} : { target: worst.budget.target })}
          />
        </span>
      ),
    sort: ({ service }) => service.worst?.remaining,
  },
  {
    key: "room",
    title: "As outage",
    align: "end",
    priority: 2,
    cell: ({ worst }) =>
      worst === undefined || worst.budget.window === null
        ? null
        : leftInTime(outageTime(worst.budget, worst.budget.window)),
  },
  { key: "burn1h", title: "Burn 1h", align: "end", priority: 2, cell: (row) => <Burn of={row} window="1h" /> },
  { key: "burn6h", title: "6h", align: "end", priority: 2, cell: (row) => <Burn of={row} window="6h" /> },
  {
    key: "period",
    title: "Window",
    align: "end",
    priority: 2,
    cell: (row) => <Period of={row} />,
    help: "How many times too fast all of the window burned.",
  },
  {
    key: "slo",
    title: "Worst SLO",
    priority: 2,
    cell: ({ service, worst }) =>
      service.worst === null ? null : (
        <Link to={sloPath(service.worst.slo, worst?.budget.objective ?? "")}>
          {service.worst.slo.slice(service.worst.slo.indexOf("/") + 1)}
          {worst !== undefined && worst.budget.objective !== "" && ` ${worst.budget.objective}`}
        </Link>
      ),
  },
  {
    key: "alerts",
    title: "Alerts",
    priority: 2,
    cell: ({ service }) =>
      alertsText(service.alerts) !== "" && (
        <Link to={alertsPath(service.name)}>
          <Badge kind={service.alerts.page > 0 ? "critical" : "warning"}>{alertsText(service.alerts)}</Badge>
        </Link>
      ),
  },
];

function Burn({ of: { worst, burns }, window }: { of: Watched; window: "1h" | "6h" }) {
  if (worst === undefined) return null;
  return <BurnLink burn={burns?.[window]} query={burnQuery(worst.slo, worst.budget.objective, window)} />;
}

/** Of a window that is elapsed the share of the budget that was used up is its burn rate. */
function Period({ of: { worst } }: { of: Watched }) {
  if (worst === undefined) return null;
  const burn = worst.remaining === null ? undefined : 1 - worst.remaining;
  return <BurnLink burn={burn} query={periodBurnQuery(worst.slo, worst.budget.objective)} />;
}

function BurnLink({ burn, query }: { burn: number | undefined; query: string }) {
  if (burn === undefined) return <span class="dim">no data</span>;
  return (
    <Link class={`now-burn is-${burnKind(burn)}`} to={exploreUrl(query)}>
      {burnText(burn)}
    </Link>
  );
}
