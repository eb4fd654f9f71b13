// Rules as a table for a spreadsheet.

import type { GroupRow } from "./model";
import { alertCounts } from "./model";

const TITLES = [
  "state",
  "rule",
  "expression",
  "group",
  "file",
  "line",
  "interval s",
  "took s",
  "evaluated",
  "firing",
  "pending",
  "error",
];

export function ruleTable(groups: GroupRow[]): string[][] {
  const rows = groups.flatMap(({ group, rows }) =>
    rows.map(({ rule, doing, line }) => {
      const counts = rule.type === "alerting" ? alertCounts(rule) : null;
      return [
        doing,
        rule.name,
        rule.query,
        group.name,
        group.file,
        line === undefined ? "" : String(line),
        String(group.interval),
        String(rule.evaluationTime),
        rule.lastEvaluation,
        counts === null ? "" : String(counts.firing),
        counts === null ? "" : String(counts.pending),
        rule.lastError ?? "",
      ];
    }),
  );
  return [TITLES, ...rows];
}
