// Who can be told: the receivers of the configuration, the routes that lead there, and how it goes lately.

import { get } from "../../api/client";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { useLoad } from "../../hooks/load";
import { Link } from "../../router";
import { Time } from "../../time";
import { optional } from "../alerts/load";
import type { Notice } from "../alerts/types";
import { type Delivery, type Route, receivers } from "./model";
import { NoticeOutcome } from "./notices";

export interface ReceiversProps {
  routes: Route[];
  notices: Notice[];
  deliveries: Delivery[];
  chosen: string;
}

export function Receivers({ routes, notices, deliveries, chosen }: ReceiversProps) {
  const load = useLoad(
    async (signal) => (await optional(get<{ name: string }[]>("/api/v2/receivers", undefined, signal))) ?? [],
    [],
  );
  const rows = receivers(
    (load.data ?? []).map((one) => one.name),
    routes,
  );
  const last = (name: string) => notices.find((notice) => notice.receiver === name);
  const failing = (name: string) => deliveries.filter((one) => one.receiver === name && one.attempts > 0);
  return (
    <Panel title="Receivers" state={load}>
      <Table
        name="receivers"
        caption="Receivers"
        bare
        rows={rows}
        id={(row) => row.name}
        to={(row) => `/routes?receiver=${encodeURIComponent(row.name)}`}
        open={chosen === "" ? null : chosen}
        columns={[
          { key: "name", title: "Receiver", sort: (row) => row.name, cell: (row) => row.name },
          {
            key: "routes",
            title: "Routes",
            align: "end",
            sort: (row) => row.routes.length,
            cell: (row) => (row.routes.length === 0 ? <span class="dim">no route leads here</span> : row.routes.length),
          },
          {
            key: "state",
            title: "Now",
            cell: (row) => {
              const count = failing(row.name).length;
              if (count > 0) return <Status kind="critical" word={`${count} not delivered`} />;
              return <NowWords notice={last(row.name)} />;
            },
          },
          {
            key: "last",
            title: "Last notice",
            sort: (row) => Date.parse(last(row.name)?.at ?? ""),
            cell: (row) => <LastNotice notice={last(row.name)} />,
          },
          {
            key: "alerts",
            title: "Its alerts",
            cell: (row) => <Link to={`/alerts?receiver=${encodeURIComponent(row.name)}`}>alerts</Link>,
          },
        ]}
      />
    </Panel>
  );
}

function NowWords({ notice }: { notice: Notice | undefined }) {
  if (notice === undefined) return <Status kind="unknown" word="not told lately" />;
  return notice.outcome === "sent" ? <Status kind="ok" word="reachable" /> : <NoticeOutcome notice={notice} />;
}

function LastNotice({ notice }: { notice: Notice | undefined }) {
  if (notice === undefined) return <span class="dim">none of the last 200</span>;
  return (
    <>
      <Time at={notice.at} relative /> <span class="dim">{notice.reason}</span>
    </>
  );
}
