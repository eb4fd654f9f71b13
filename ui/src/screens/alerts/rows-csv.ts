// Alerts as a table for a spreadsheet: what the list shows, and the number by which each is found again.

import { printed } from "./fingerprint";
import type { AlertRow } from "./model";
import { runbookOf, summaryOf } from "./row";
import { receiversOf } from "./sections";

const TITLES = [
  "state",
  "alert",
  "labels",
  "value",
  "since",
  "receivers",
  "silenced by",
  "inhibited by",
  "muted by",
  "summary",
  "runbook",
  "fingerprint",
];

export function alertTable(rows: AlertRow[]): string[][] {
  return [TITLES, ...rows.map(fields)];
}

function fields(row: AlertRow): string[] {
  const { silencedBy = [], inhibitedBy = [], mutedBy = [] } = row.routed?.status ?? {};
  return [
    row.standing,
    row.name,
    printed(row.labels),
    row.value === undefined ? "" : String(row.value),
    row.since,
    receiversOf(row).join(" "),
    silencedBy.join(" "),
    inhibitedBy.join(" "),
    mutedBy.join(" "),
    summaryOf(row.annotations) ?? "",
    runbookOf(row.annotations) ?? "",
    row.id,
  ];
}
