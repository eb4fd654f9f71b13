// Alerts that must always be there: when they were seen, and which are missing.

import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { Time } from "../../time";
import type { Heartbeat } from "./model";

export function Heartbeats({ all }: { all: Heartbeat[] }) {
  if (all.length === 0) {
    return (
      <p class="dim">
        None. <code>plimsoll.heartbeats</code> in alertmanager.yml names alerts that must always be there, such as the
        Watchdog of each Prometheus, and tells you when one is missing.
      </p>
    );
  }
  return (
    <Table
      name="heartbeats"
      caption="Heartbeats"
      bare
      rows={all}
      id={(row) => row.name}
      columns={[
        {
          key: "state",
          title: "State",
          sort: (row) => (row.isMissing ? 0 : 1),
          cell: (row) =>
            row.isMissing ? <Status kind="critical" word="missing" /> : <Status kind="ok" word="heard" />,
        },
        { key: "name", title: "Heartbeat", sort: (row) => row.name, cell: (row) => row.name },
        {
          key: "seen",
          title: "Last seen",
          sort: (row) => Date.parse(row.seenAt),
          cell: (row) => <Time at={row.seenAt} relative />,
        },
        {
          key: "missing",
          title: "Missing",
          cell: (row) => (
            <>
              {row.isMissing ? "since " : ""}
              <Time at={row.missingAt} relative />
              {row.isMissing ? "" : " if nothing comes"}
            </>
          ),
        },
      ]}
    />
  );
}
