// Notices as a table: when, to whom, what became of it, why.

import "./notices.css";
import { Status, type StatusKind } from "../../components/status";
import { Table } from "../../components/table";
import { Link } from "../../router";
import { Time } from "../../time";
import type { Notice } from "../alerts/types";

const KINDS: Record<string, StatusKind> = {
  sent: "ok",
  failed: "warning",
  dead: "critical",
  failed_over: "warning",
  superseded: "muted",
  withdrawn: "muted",
  orphaned: "muted",
};

/** What the words of the server mean. */
const MEANING: Record<string, string> = {
  sent: "the receiver has it",
  failed: "the attempt failed; another one follows",
  dead: "nobody took it, and it was given up",
  failed_over: "it was handed to the fallback receiver",
  superseded: "a newer notice took its place",
  withdrawn: "what it said is no longer so",
  orphaned: "its route or receiver is gone",
};

/** What became of a notice, in a word and where that is not all, more. */
export function NoticeOutcome({ notice }: { notice: Notice }) {
  return (
    <span class="routes-outcome" title={MEANING[notice.outcome] ?? ""}>
      <Status kind={KINDS[notice.outcome] ?? "unknown"} word={notice.outcome.replace("_", " ")} />
      {notice.failedOverTo === undefined ? "" : ` to ${notice.failedOverTo}`}
      {notice.isDegraded ? " (without the database, may repeat)" : ""}
    </span>
  );
}

export function NoticeTable({ notices, name }: { notices: Notice[]; name: string }) {
  return (
    <Table
      name={name}
      caption="Notices"
      sort="-at"
      rows={notices}
      id={(row) => `${row.at} ${row.delivery} ${row.outcome}`}
      columns={[
        { key: "at", title: "When", sort: (row) => Date.parse(row.at), cell: (row) => <Time at={row.at} /> },
        {
          key: "outcome",
          title: "Outcome",
          sort: (row) => row.outcome,
          filter: (row) => row.outcome,
          cell: (row) => <NoticeOutcome notice={row} />,
        },
        {
          key: "receiver",
          title: "Receiver",
          sort: (row) => row.receiver,
          filter: (row) => row.receiver,
          cell: (row) => `${row.receiver} ${row.integration}`,
        },
        { key: "reason", title: "Why", filter: (row) => row.reason, cell: (row) => row.reason },
        { key: "alerts", title: "Alerts", priority: 2, cell: (row) => <AlertsOf notice={row} /> },
        { key: "attempts", title: "Attempts", align: "end", sort: (row) => row.attempts, cell: (row) => row.attempts },
        {
          key: "error",
          title: "Error",
          priority: 2,
          sort: (row) => row.error,
          cell: (row) => (
            <>
              {row.error}
              {row.retryAt === undefined ? null : (
                <>
                  {" "}
                  again at <Time at={row.retryAt} />
                </>
              )}
            </>
          ),
        },
      ]}
      empty={<p class="dim">No notice is kept.</p>}
    />
  );
}

function AlertsOf({ notice }: { notice: Notice }) {
  const words = [];
  if (notice.firing > 0) words.push(`${notice.firing} firing`);
  if (notice.resolved > 0) words.push(`${notice.resolved} resolved`);
  const [first] = notice.alerts;
  const text = words.join(", ") || "none";
  return first === undefined ? text : <Link to={`/alerts?alert=${first.fingerprint}`}>{text}</Link>;
}
