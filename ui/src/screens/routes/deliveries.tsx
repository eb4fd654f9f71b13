// Notices on their way: queued, under way, or waiting for another attempt, with what went wrong.

import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import type { Loaded } from "../../hooks/load";
import { Time } from "../../time";
import type { Delivery } from "./model";

export function Deliveries({ state }: { state: Loaded<Delivery[]> }) {
  return (
    <Panel title="On their way" state={state}>
      {(all: Delivery[]) => (all.length === 0 ? <p class="dim">No notice waits.</p> : <DeliveryTable all={all} />)}
    </Panel>
  );
}

function DeliveryTable({ all }: { all: Delivery[] }) {
  return (
    <Table
      name="deliveries"
      caption="Notices on their way"
      bare
      rows={all}
      id={(row) => row.delivery}
      columns={[
        { key: "phase", title: "State", cell: (row) => <Phase row={row} /> },
        {
          key: "receiver",
          title: "Receiver",
          sort: (row) => row.receiver,
          cell: (row) =>
            `${row.receiver} ${row.integration}${row.insteadOf ? ` in the place of ${row.insteadOf}` : ""}`,
        },
        { key: "reason", title: "Why", priority: 2, cell: (row) => row.reason },
        { key: "alerts", title: "Alerts", cell: (row) => `${row.firing} firing, ${row.resolved} resolved` },
        {
          key: "age",
          title: "Decided",
          sort: (row) => Date.parse(row.decidedAt),
          cell: (row) => <Time at={row.decidedAt} relative />,
        },
        {
          key: "next",
          title: "Next attempt",
          cell: (row) => (row.phase === "leased" ? "now" : <Time at={row.attemptAt} relative />),
        },
        { key: "attempts", title: "Attempts", align: "end", sort: (row) => row.attempts, cell: (row) => row.attempts },
        { key: "error", title: "Last error", cell: (row) => <span class="routes-error">{row.lastError}</span> },
      ]}
    />
  );
}

function Phase({ row }: { row: Delivery }) {
  if (row.phase === "leased") return <Status kind="info" word="under way" />;
  if (row.phase === "retry_at") return <Status kind="critical" word="failed, again later" />;
  return <Status kind="info" word="queued" />;
}
