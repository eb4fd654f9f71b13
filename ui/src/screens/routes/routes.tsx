// Who is told what, and when: the routing tree, where labels lead in it, receivers, heartbeats, and notices.

import "./routes.css";
import { get } from "../../api/client";
import { useTick } from "../../api/live";
import { Empty } from "../../components/empty";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { useLoad } from "../../hooks/load";
import { useQueryState } from "../../router";
import { optional } from "../alerts/load";
import type { Notice } from "../alerts/types";
import { Deliveries } from "./deliveries";
import { Heartbeats } from "./heartbeats";
import type { Delivery, Heartbeat, Route } from "./model";
import { NoticeTable } from "./notices";
import { Receivers } from "./receivers";
import { TestBox, useTest } from "./test-box";
import { RouteTree } from "./tree";

const NOTICES = 200;

export default function Routes() {
  const routes = useRoutes();
  const [text, setText] = useQueryState("test", "");
  const [receiver] = useQueryState("receiver", "");
  const test = useTest(text);
  const notices = useNotices(receiver);
  const deliveries = useDeliveries();
  if (routes.data === null) return <NotRouted />;
  const all = routes.data ?? [];
  const sub = routes.data === undefined ? undefined : `${all.length} ${all.length === 1 ? "route" : "routes"}`;
  return (
    <Page title="Routes" sub={sub}>
      <Panel title="Routing tree" state={routes}>
        <TestBox text={text} onText={setText} test={test} />
        <RouteTree routes={all} taken={test.taken} receiver={receiver} onTest={setText} />
      </Panel>
      <Deliveries state={deliveries} />
      <Receivers routes={all} notices={notices.data ?? []} deliveries={deliveries.data ?? []} chosen={receiver} />
      <HeartbeatPanel />
      <Panel title={receiver === "" ? "Notices lately" : `Notices to ${receiver}`} state={notices}>
        {(found: Notice[]) => <NoticeTable notices={found} name="notices" />}
      </Panel>
    </Page>
  );
}

function useRoutes() {
  return useLoad(
    async (signal) =>
      (await optional(get<{ routes: Route[] }>("/api/v1/alerting/routes", undefined, signal)))?.routes ?? null,
    [],
  );
}

function useNotices(receiver: string) {
  const tick = useTick(["alerts"]);
  const params = { limit: NOTICES, receiver: receiver === "" ? undefined : receiver };
  return useLoad(
    async (signal) => {
      const answer = get<{ notifications: Notice[] }>("/api/v1/alerting/notifications", params, signal);
      return (await optional(answer))?.notifications ?? [];
    },
    [receiver, tick],
  );
}

function useDeliveries() {
  const tick = useTick(["alerts"]);
  return useLoad(
    async (signal) => {
      const answer = get<{ deliveries: Delivery[] }>("/api/v1/alerting/deliveries", undefined, signal);
      return (await optional(answer))?.deliveries ?? [];
    },
    [tick],
  );
}

function HeartbeatPanel() {
  const tick = useTick(["alerts"]);
  const load = useLoad(
    async (signal) => {
      const answer = get<{ heartbeats: Heartbeat[] }>("/api/v1/alerting/heartbeats", undefined, signal);
      return (await optional(answer))?.heartbeats ?? [];
    },
    [tick],
  );
  return (
    <Panel title="Heartbeats" state={load}>
      {(all: Heartbeat[]) => <Heartbeats all={all} />}
    </Panel>
  );
}

function NotRouted() {
  return (
    <Page title="Routes">
      <Empty
        title="This server routes no alerts"
        lines={[
          "Bring the alertmanager.yml that you have:",
          "plimsoll serve --config prometheus.yml --alertmanager-config alertmanager.yml",
          "Or try it first: plimsoll alert route-test --config alertmanager.yml severity=page team=db",
        ]}
      />
    </Page>
  );
}
