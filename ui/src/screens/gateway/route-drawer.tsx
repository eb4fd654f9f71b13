/** One route: what it takes, what it does with it, and how that goes. */

import type { ComponentChildren } from "preact";
import type { GatewayFault as Fault, GatewayRoute as Route } from "../../api/types";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { Drawer } from "../../components/drawer";
import { Evidence } from "../../components/evidence";
import { KeyValue } from "../../components/key-value";
import { Time } from "../../components/time";
import { seconds } from "../../format";
import { Link } from "../../router";
import { errors, failureReasons, latency, requests, requestsByClass, retries, retriesRefused } from "./evidence";
import type { Asked } from "./order-dialog";
import type { Order } from "./orders";
import { RangeChart } from "./range-chart";
import { Errors, MEASURING, Requests, type RouteRow } from "./routes-tab";
import { CLASS_COLORS, conditions, faultText, OUTCOME_COLORS, quantileText, shareText } from "./states";

interface RouteDrawerProps {
  row: RouteRow;
  onClose: () => void;
  onAsk: (asked: Asked) => void;
}

export function RouteDrawer({ row, onClose, onAsk }: RouteDrawerProps) {
  const { route, happened } = row;
  const of = { route: route.name };
  const tap = `/gateway?${new URLSearchParams({ tab: "tap", route: route.name })}`;
  return (
    <Drawer wide title={`Route ${route.name}`} onClose={onClose}>
      <div class="stack" key={route.name}>
        <div class="row">
          <RouteOrders route={route} onAsk={onAsk} />
          <Link to={tap}>Watch its requests</Link>
        </div>
        <KeyValue
          rows={[
            [
              "Requests",
              <Proven query={requests(of)}>
                <Requests happened={happened} />
              </Proven>,
            ],
            [
              "Errors",
              <Proven query={errors(of)}>
                <Errors happened={happened} />
              </Proven>,
            ],
            [
              "p50",
              <Proven query={latency(0.5, of)}>
                {quantileText(happened?.p50) ?? (happened ? "idle" : MEASURING)}
              </Proven>,
            ],
            [
              "p99",
              <Proven query={latency(0.99, of)}>
                {quantileText(happened?.p99) ?? (happened ? "idle" : MEASURING)}
              </Proven>,
            ],
            ["Hosts", route.hosts.length === 0 ? "any" : route.hosts.join(", ")],
            route.listeners.length > 0 && ["Listeners", route.listeners.join(", ")],
            ["Takes", <Alternatives route={route} />],
            ["Does", <Action route={route} />],
            ["Within", seconds(route.timeoutSeconds)],
            ["Criticality", route.criticality],
            route.limits.length > 0 && ["Limits", route.limits.join(", ")],
            route.mirror !== null && [
              "Mirror",
              `${shareText(route.mirror.share)} are copied to ${route.mirror.backend}`,
            ],
            route.maintenance !== null && ["Maintenance", <Maintenance route={route} />],
            route.faults.length > 0 && ["Faults", <Faults faults={route.faults} />],
          ]}
        />
        <RangeChart name="Requests by class" unit="req/s" query={requestsByClass(of)} colors={CLASS_COLORS} stacked />
        <RangeChart
          name="Latency"
          unit="seconds"
          query={latency(0.99, of)}
          label="p99"
          more={[{ query: latency(0.5, of), name: "p50" }]}
        />
        <RangeChart name="Why requests failed" unit="req/s" query={failureReasons(of)} stacked />
        <RangeChart name="Retries by outcome" unit="req/s" query={retries(of)} colors={OUTCOME_COLORS} />
        <RangeChart name="Retries that were refused, by cause" unit="req/s" query={retriesRefused(of)} />
      </div>
    </Drawer>
  );
}

/** A number with the query behind it. */
export function Proven({ query, children }: { query: string; children: ComponentChildren }) {
  return (
    <span class="gateway-figure">
      {children}
      <Evidence query={query} />
    </span>
  );
}

/** The orders that make sense for a route as it is. */
function RouteOrders({ route, onAsk }: { route: Route; onAsk: (asked: Asked) => void }) {
  const { name } = route;
  const hasFault = route.faults.some((fault) => fault.isOrdered);
  const give = (order: Order) => () => onAsk(order);
  return (
    <>
      {route.maintenance?.isOrdered ? (
        <Button small onPress={give({ order: "end_maintenance", route: name })}>
          End maintenance ...
        </Button>
      ) : (
        <Button small onPress={() => onAsk({ ask: "maintenance", route: name })}>
          Maintenance ...
        </Button>
      )}
      <Button small onPress={() => onAsk({ ask: "fault", route: name })}>
        Inject a fault ...
      </Button>
      {hasFault && (
        <Button small onPress={give({ order: "end_faults", route: name })}>
          End the faults ...
        </Button>
      )}
    </>
  );
}

function Alternatives({ route }: { route: Route }) {
  return (
    <ul>
      {conditions(route).map((condition, index) => (
        <li key={condition}>
          {index > 0 && <span class="dim">or </span>}
          {condition}
        </li>
      ))}
    </ul>
  );
}

function Action({ route: { action } }: { route: Route }) {
  if (action.kind === "redirect") return <>answers with a redirect, {action.status}</>;
  if (action.kind === "answer") return <>answers itself, {action.status}</>;
  return (
    <ul>
      {action.shares.map(({ backend, share }) => (
        <li key={backend}>
          forwards {action.shares.length > 1 && shareText(share)} to{" "}
          <Link
            to={`/gateway?${new URLSearchParams({ tab: "endpoints", "gateway-endpoints.f": `backend:${backend}` })}`}
          >
            {backend}
          </Link>
        </li>
      ))}
    </ul>
  );
}

function Origin({ isOrdered }: { isOrdered: boolean }) {
  return <Badge>{isOrdered ? "ordered" : "file"}</Badge>;
}

function Maintenance({ route: { maintenance } }: { route: Route }) {
  if (maintenance === null) return null;
  return (
    <span>
      answered with {maintenance.status}: <q class="gateway-wrap">{maintenance.body}</q>{" "}
      <Origin isOrdered={maintenance.isOrdered} />
    </span>
  );
}

export function Faults({ faults }: { faults: Fault[] }) {
  return (
    <ul>
      {faults.map((fault, index) => (
        <li key={index}>
          {faultText(fault)}
          {fault.until !== null && (
            <span class="dim">
              , ends <Time at={fault.until} relative />
            </span>
          )}{" "}
          <Origin isOrdered={fault.isOrdered} />
        </li>
      ))}
    </ul>
  );
}
