/** Endpoints: whether each is used and why not, its load, and what checks and requests found. */

import type { Endpoint } from "../../api/types";
import { Button } from "../../components/button";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { Time } from "../../components/time";
import { number, seconds } from "../../format";
import { endpointKey, type Happened, type Window } from "./counters";
import type { Asked } from "./order-dialog";
import { Errors, Requests } from "./routes-tab";
import { shownBreaker, shownState, stateRank, worstFirst } from "./states";

/** An endpoint with what happened in the last minute. */
export interface EndpointRow {
  endpoint: Endpoint;
  happened: Happened | null;
}

export function endpointRows(endpoints: Endpoint[], window: Window): EndpointRow[] {
  return worstFirst(endpoints).map((endpoint) => ({
    endpoint,
    happened: window.happened(endpointKey(endpoint.backend, endpoint.name)),
  }));
}

/** The orders that make sense for an endpoint as it is. */
export function EndpointOrders({ endpoint, onAsk }: { endpoint: Endpoint; onAsk: (asked: Asked) => void }) {
  const { weight, weightDeclared: declared, admin } = endpoint;
  const at = { backend: endpoint.backend, endpoint: endpoint.name };
  const isResting = endpoint.ejectedUntil !== null || (endpoint.breaker !== null && endpoint.breaker !== "closed");
  const button = (title: string, asked: Asked) => (
    <Button small onPress={() => onAsk(asked)}>
      {title} ...
    </Button>
  );
  return (
    <div class="row">
      {admin === "auto" && button("Drain", { order: "drain", ...at })}
      {admin === "draining" && button("End the drain", { order: "undrain", ...at })}
      {admin.startsWith("forced") && button("Let health decide", { order: "auto", ...at })}
      {isResting && button("Pardon", { order: "pardon", ...at })}
      {button("Weight", { ask: "weight", ...at, weight, declared })}
      {admin !== "forced_up" && button("Force up", { order: "force_up", ...at })}
      {admin !== "forced_down" && button("Force down", { order: "force_down", ...at })}
    </div>
  );
}

interface EndpointsProps {
  rows: EndpointRow[];
  /** The key of the endpoint whose detail is shown. */
  open: string | null;
  onOpen: (endpoint: Endpoint) => void;
}

const Absent = ({ word }: { word: string }) => <span class="dim">{word}</span>;

export function EndpointsTable({ rows, open, onOpen }: EndpointsProps) {
  return (
    <Table
      name="gateway-endpoints"
      rows={rows}
      id={({ endpoint }) => endpointKey(endpoint.backend, endpoint.name)}
      open={open}
      onOpen={({ endpoint }) => onOpen(endpoint)}
      columns={[
        {
          key: "state",
          title: "State",
          cell: ({ endpoint }) => <State endpoint={endpoint} />,
          sort: ({ endpoint }) => stateRank(endpoint.state),
          filter: ({ endpoint }) => shownState(endpoint.state).word,
        },
        {
          key: "endpoint",
          title: "Endpoint",
          cell: ({ endpoint }) => <strong class="gateway-name">{endpoint.name}</strong>,
          sort: ({ endpoint }) => endpoint.name,
        },
        {
          key: "backend",
          title: "Backend",
          cell: ({ endpoint }) => endpoint.backend,
          sort: ({ endpoint }) => endpoint.backend,
          priority: 2,
          filter: ({ endpoint }) => endpoint.backend,
        },
        {
          key: "reason",
          title: "Why",
          cell: ({ endpoint }) => <Reason endpoint={endpoint} />,
          text: ({ endpoint }) => endpoint.reason,
          priority: 2,
        },
        {
          key: "rate",
          title: "Requests",
          align: "end",
          cell: ({ happened }) => <Requests happened={happened} />,
          sort: ({ happened }) => happened?.rate,
        },
        {
          key: "errors",
          title: "Errors",
          align: "end",
          cell: ({ happened }) => <Errors happened={happened} />,
          sort: ({ happened }) => happened?.errors,
        },
        {
          key: "latency",
          title: "Latency",
          help: "A moving average (EWMA) that jumps to peaks and decays: what the balancer goes by",
          align: "end",
          cell: ({ endpoint }) =>
            endpoint.latencySeconds > 0 ? seconds(endpoint.latencySeconds) : <Absent word="no data" />,
          sort: ({ endpoint }) => endpoint.latencySeconds,
        },
        {
          key: "inflight",
          title: "In flight",
          align: "end",
          cell: ({ endpoint }) => number(endpoint.inFlight),
          sort: ({ endpoint }) => endpoint.inFlight,
        },
        {
          key: "connections",
          title: "Connections",
          align: "end",
          cell: ({ endpoint }) => number(endpoint.connections),
          sort: ({ endpoint }) => endpoint.connections,
          hidden: true,
        },
        {
          key: "checks",
          title: "Checks",
          cell: ({ endpoint }) => <Checks endpoint={endpoint} />,
          sort: ({ endpoint }) => endpoint.checks ?? "",
          priority: 2,
        },
        {
          key: "breaker",
          title: "Breaker",
          cell: ({ endpoint }) => <Breaker endpoint={endpoint} />,
          sort: ({ endpoint }) => endpoint.breaker ?? "",
          priority: 2,
        },
        {
          key: "weight",
          title: "Weight",
          align: "end",
          cell: ({ endpoint }) => <Weight endpoint={endpoint} />,
          sort: ({ endpoint }) => endpoint.weightEffective,
          priority: 3,
        },
      ]}
    />
  );
}

export function State({ endpoint }: { endpoint: Endpoint }) {
  return <Status {...shownState(endpoint.state)} />;
}

/** Why it is in its state, and when that ends by itself. */
export function Reason({ endpoint }: { endpoint: Endpoint }) {
  const { reason, ejectedUntil, breakerOpenUntil } = endpoint;
  const until = ejectedUntil ?? breakerOpenUntil;
  return (
    <span class="gateway-clip" title={reason}>
      {reason}
      {until !== null && (
        <>
          {reason === "" ? "" : ", "}back <Time at={until} relative />
        </>
      )}
    </span>
  );
}

export function Checks({ endpoint }: { endpoint: Endpoint }) {
  if (endpoint.checks === null) return <Absent word="none" />;
  const kind = endpoint.checks === "up" ? "ok" : endpoint.checks === "down" ? "critical" : "unknown";
  return (
    <span title={endpoint.checkError ?? undefined}>
      <Status kind={kind} word={endpoint.checks} />
    </span>
  );
}

export function Breaker({ endpoint }: { endpoint: Endpoint }) {
  const breaker = shownBreaker(endpoint.breaker);
  return breaker === null ? <Absent word="none" /> : <Status {...breaker} />;
}

/** The weight in force; what it differs from is told beside it. */
export function Weight({ endpoint }: { endpoint: Endpoint }) {
  const { weight, weightDeclared, weightEffective } = endpoint;
  return (
    <span>
      {number(weightEffective)}
      {weightEffective !== weight && <span class="dim"> of {number(weight)}</span>}
      {weight !== weightDeclared && <span class="dim"> (file: {number(weightDeclared)})</span>}
    </span>
  );
}
