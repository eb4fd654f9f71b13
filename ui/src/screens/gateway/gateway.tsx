/** The gateway: its routes, its endpoints, its limits, its requests as they end. */

import { useState } from "preact/hooks";
import { ApiError, get } from "../../api/client";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { Tabs } from "../../components/tabs";
import { type Loaded, useLoad } from "../../hooks/load";
import { setQuery, useQueryState, useRoute } from "../../router";
import { useActivity, useFigures, type Windows } from "./activity";
import { endpointKey } from "./counters";
import { EndpointDrawer } from "./endpoint-drawer";
import { EndpointsTable, endpointRows } from "./endpoints-tab";
import { ExplainTab } from "./explain-tab";
import "./gateway.css";
import type {
  Endpoint,
  GatewayListener as Listener,
  GatewayOrders as OrdersInForce,
  GatewayRoute as Route,
} from "../../api/types";
import { LimitsTab } from "./limits-tab";
import { NoGateway } from "./no-gateway";
import { type Asked, OrderDialog } from "./order-dialog";
import { OrdersInForcePanel } from "./orders-in-force";
import { Overview } from "./overview";
import { usePulse } from "./pulse";
import { RouteDrawer } from "./route-drawer";
import { RoutesTable, routeRows } from "./routes-tab";
import { TapTab } from "./tap-tab";

const TABS = ["routes", "endpoints", "limits", "tap", "explain"] as const;
type Tab = (typeof TABS)[number];

/** How often the gateway is asked, in milliseconds; once earlier, so that there are rates soon. */
const EVERY_MS = 5000;
const SOON_MS = 2000;

export default function GatewayScreen() {
  const pulse = usePulse(EVERY_MS, SOON_MS);
  const [word, setTab] = useQueryState("tab", "routes");
  const tab: Tab = TABS.find((one) => one === word) ?? "routes";
  const [asked, setAsked] = useState<Asked | null>(null);
  const ask =
    <T,>(path: string) =>
    (signal: AbortSignal) =>
      get<T>(`/api/v1/gateway/${path}`, undefined, signal);
  const { windows, state: activity } = useActivity(pulse);
  const routes = useLoad(ask<{ routes: Route[] }>("routes"), [pulse]);
  const endpoints = useLoad(ask<{ endpoints: Endpoint[] }>("endpoints"), [pulse]);
  const listeners = useLoad(ask<{ listeners: Listener[] }>("listeners"), [pulse]);
  const orders = useLoad(ask<OrdersInForce>("orders"), [pulse]);
  if (routes.error instanceof ApiError && routes.error.status === 404) return <NoGateway />;
  const done = () => {
    for (const state of [routes, endpoints, orders]) state.again();
  };
  return (
    <Page title="Gateway" sub={<Listeners listeners={listeners.data?.listeners} />}>
      <div class="stack">
        <Overview pulse={pulse} windows={windows} activity={activity} endpoints={endpoints.data?.endpoints} />
        <OrdersInForcePanel orders={orders} onAsk={setAsked} />
        <Tabs<Tab>
          label="Views of the gateway"
          value={tab}
          onChange={setTab}
          tabs={[
            { id: "routes", title: "Routes", count: routes.data?.routes.length },
            { id: "endpoints", title: "Endpoints", count: endpoints.data?.endpoints.length },
            { id: "limits", title: "Limits and sheds" },
            { id: "tap", title: "Live tap" },
            { id: "explain", title: "Where would it go?" },
          ]}
        >
          {tab === "routes" && <RoutesPanel routes={routes} windows={windows} pulse={pulse} onAsk={setAsked} />}
          {tab === "endpoints" && <EndpointsPanel endpoints={endpoints} windows={windows} onAsk={setAsked} />}
          {tab === "limits" && <LimitsTab pulse={pulse} />}
          {tab === "tap" && <TapTab routes={routes.data?.routes} />}
          {tab === "explain" && <ExplainTab listeners={listeners.data?.listeners} />}
        </Tabs>
      </div>
      {asked && <OrderDialog asked={asked} onClose={() => setAsked(null)} onDone={done} />}
    </Page>
  );
}

function Listeners({ listeners }: { listeners: Listener[] | undefined }) {
  if (listeners === undefined) return null;
  return (
    <span class="gateway-listeners">
      {listeners.map((one) => (
        <span key={one.name}>
          {one.name} on {one.isTls ? "TLS " : ""}
          {one.address}
          {one.tcpBackend === null ? "" : `, TCP to ${one.tcpBackend}`}{" "}
          <span class="dim">
            {one.connections} of {one.connectionsMax} connections
          </span>
        </span>
      ))}
    </span>
  );
}

interface RoutesPanelProps {
  routes: Loaded<{ routes: Route[] }>;
  windows: Windows;
  pulse: number;
  onAsk: (asked: Asked) => void;
}

function RoutesPanel({ routes, windows, pulse, onAsk }: RoutesPanelProps) {
  const { query } = useRoute();
  const figures = useFigures(pulse);
  const name = query.get("route");
  const rows = routeRows(routes.data?.routes ?? [], windows.byRoute, figures);
  const open = rows.find((row) => row.route.name === name);
  return (
    <>
      <Panel state={routes} class="gateway-list">
        {() => <RoutesTable rows={rows} open={name} onOpen={(route) => setQuery({ route }, { replace: false })} />}
      </Panel>
      {open && <RouteDrawer row={open} onAsk={onAsk} onClose={() => setQuery({ route: null })} />}
    </>
  );
}

interface EndpointsPanelProps {
  endpoints: Loaded<{ endpoints: Endpoint[] }>;
  windows: Windows;
  onAsk: (asked: Asked) => void;
}

function EndpointsPanel({ endpoints, windows, onAsk }: EndpointsPanelProps) {
  const { query } = useRoute();
  const backend = query.get("backend");
  const name = query.get("endpoint");
  const rows = endpointRows(endpoints.data?.endpoints ?? [], windows.byEndpoint);
  const open = rows.find((row) => row.endpoint.name === name && row.endpoint.backend === backend);
  const show = (endpoint: Endpoint) =>
    setQuery({ backend: endpoint.backend, endpoint: endpoint.name }, { replace: false });
  return (
    <>
      <Panel state={endpoints} class="gateway-list">
        {() => (
          <EndpointsTable
            rows={rows}
            open={open ? endpointKey(open.endpoint.backend, open.endpoint.name) : null}
            onOpen={show}
          />
        )}
      </Panel>
      {open && <EndpointDrawer row={open} onAsk={onAsk} onClose={() => setQuery({ backend: null, endpoint: null })} />}
    </>
  );
}
