/** Routes: what they match, what they do, and how requests fare on them. */

import type { GatewayRoute as Route } from "../../api/types";
import { Badge } from "../../components/badge";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { number, percent, rate } from "../../format";
import { type Happened, NO_ROUTE, type Window } from "./counters";
import { actionText, conditions, quantileText } from "./states";

/** A route with what happened in the last minute. */
export interface RouteRow {
  route: Route;
  happened: Happened | null;
  retries: number | null;
  refused: number | null;
  inFlight: number | null;
}

/** Numbers of routes that come from the store; null when it could not be asked. */
export interface RouteFigures {
  retries: Map<string, number> | null;
  refused: Map<string, number> | null;
  inFlight: Map<string, number> | null;
}

/** Puts routes together with their numbers. A route that the store has no series of had none, if the store answered. */
export function routeRows(routes: Route[], window: Window, figures: RouteFigures | undefined): RouteRow[] {
  const of = (values: Map<string, number> | null | undefined, name: string) =>
    values ? (values.get(name) ?? 0) : null;
  return routes.map((route) => ({
    route,
    happened: window.happened(route.name),
    retries: of(figures?.retries, route.name),
    refused: of(figures?.refused, route.name),
    inFlight: of(figures?.inFlight, route.name),
  }));
}

/** Requests of a window that no route took. */
export function unrouted(window: Window): Happened | null {
  const happened = window.happened(NO_ROUTE);
  return happened && happened.requests > 0 ? happened : null;
}

const ERRORS_WARN = 0.01;
const ERRORS_BAD = 0.05;

/** What is said of a share of requests that failed. */
export function errorKind(share: number): { kind: "ok" | "warning" | "critical"; word: string } {
  if (share >= ERRORS_BAD) return { kind: "critical", word: `${percent(ERRORS_BAD)} or more` };
  if (share >= ERRORS_WARN) return { kind: "warning", word: `${percent(ERRORS_WARN)} or more` };
  return { kind: "ok", word: `below ${percent(ERRORS_WARN)}` };
}

/** The share of requests that failed, coloured when it is much. */
export function Errors({ happened }: { happened: Happened | null }) {
  const share = happened?.errors ?? null;
  if (share === null) return <span class="dim">{happened ? "idle" : MEASURING}</span>;
  const { kind } = errorKind(share);
  return kind === "ok" ? <span>{percent(share)}</span> : <Status kind={kind} word={percent(share)} />;
}

function perClass(row: RouteRow, ...names: string[]): number | null {
  if (!row.happened) return null;
  const count = names.reduce((sum, name) => sum + (row.happened?.classes[name] ?? 0), 0);
  return count / row.happened.seconds;
}

/** What is said while there is one snapshot of the counters only; why there is no other is told above. */
export const MEASURING = "measuring";

/** The rate of a window. */
export function Requests({ happened }: { happened: Happened | null }) {
  return happened === null ? <span class="dim">{MEASURING}</span> : <Rate of={happened.rate} />;
}

/** A rate that is dim when it is 0: what happens stands out. */
export function Rate({ of }: { of: number | null }) {
  if (of === null) return <span class="dim">no data</span>;
  return of === 0 ? <span class="dim">0</span> : <span>{rate(of)}</span>;
}

interface RoutesProps {
  rows: RouteRow[];
  open: string | null;
  onOpen: (name: string) => void;
}

export function RoutesTable({ rows, open, onOpen }: RoutesProps) {
  return (
    <Table
      name="gateway-routes"
      rows={rows}
      id={(row) => row.route.name}
      open={open}
      onOpen={(row) => onOpen(row.route.name)}
      columns={[
        { key: "route", title: "Route", cell: (row) => <RouteName route={row.route} />, sort: (row) => row.route.name },
        {
          key: "matches",
          title: "Hosts and conditions",
          cell: (row) => <Conditions route={row.route} />,
          text: (row) => [...row.route.hosts, ...row.route.matches].join("; "),
          priority: 2,
        },
        {
          key: "action",
          title: "Goes to",
          cell: (row) => (
            <span class="gateway-action" title={actionText(row.route.action)}>
              {actionText(row.route.action)}
            </span>
          ),
          sort: (row) => actionText(row.route.action),
          text: (row) => actionText(row.route.action),
          priority: 2,
        },
        {
          key: "class",
          title: "Class",
          cell: (row) => row.route.criticality,
          sort: (row) => row.route.criticality,
          filter: (row) => row.route.criticality,
          priority: 3,
        },
        {
          key: "rate",
          title: "Requests",
          align: "end",
          cell: (row) => <Requests happened={row.happened} />,
          sort: (row) => row.happened?.rate,
        },
        {
          key: "errors",
          title: "Errors",
          align: "end",
          cell: (row) => <Errors happened={row.happened} />,
          sort: (row) => row.happened?.errors,
        },
        {
          key: "ok",
          title: "2xx 3xx",
          align: "end",
          cell: (row) => <PerClass of={perClass(row, "1xx", "2xx", "3xx")} />,
          sort: (row) => perClass(row, "1xx", "2xx", "3xx"),
          priority: 3,
        },
        {
          key: "4xx",
          title: "4xx",
          align: "end",
          cell: (row) => <PerClass of={perClass(row, "4xx")} />,
          sort: (row) => perClass(row, "4xx"),
          priority: 3,
        },
        {
          key: "5xx",
          title: "5xx",
          align: "end",
          cell: (row) => <PerClass of={perClass(row, "5xx")} />,
          sort: (row) => perClass(row, "5xx"),
          priority: 2,
        },
        {
          key: "p99",
          title: "p99",
          align: "end",
          cell: (row) =>
            quantileText(row.happened?.p99) ?? <span class="dim">{row.happened ? "idle" : MEASURING}</span>,
          sort: (row) => row.happened?.p99?.seconds,
        },
        {
          key: "inflight",
          title: "In flight",
          align: "end",
          cell: (row) => (row.inFlight === null ? <span class="dim">no data</span> : number(row.inFlight)),
          sort: (row) => row.inFlight,
          hidden: true,
        },
        {
          key: "retries",
          title: "Retries",
          align: "end",
          cell: (row) => <Rate of={row.retries} />,
          sort: (row) => row.retries,
          priority: 2,
        },
        {
          key: "refused",
          title: "Refused",
          align: "end",
          cell: (row) => <Rate of={row.refused} />,
          sort: (row) => row.refused,
          help: "Failed attempts per second that were the last although the route allows more: the retry budget was empty, or time",
          priority: 3,
        },
      ]}
    />
  );
}

function PerClass({ of }: { of: number | null }) {
  return of === null ? <span class="dim">{MEASURING}</span> : <Rate of={of} />;
}

function RouteName({ route }: { route: Route }) {
  const faults = route.faults.length;
  return (
    <span class="gateway-name-line">
      <strong>{route.name}</strong>
      {route.maintenance && <Badge kind="warning">maintenance</Badge>}
      {faults > 0 && <Badge kind="warning">{faults === 1 ? "fault" : `${faults} faults`}</Badge>}
    </span>
  );
}

function Conditions({ route }: { route: Route }) {
  const hosts = route.hosts.join(", ");
  const text = `${hosts === "" ? "" : `${hosts}: `}${conditions(route).join("; or ")}`;
  return (
    <span class="gateway-clip" title={text}>
      {text}
    </span>
  );
}
