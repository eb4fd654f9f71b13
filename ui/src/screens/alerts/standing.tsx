// How an alert stands, and how loud it is: icon, word and colour.

import { Status, type StatusKind } from "../../components/status";
import type { AlertRow, Standing } from "./model";
import { severityRank } from "./model";

/** What each standing means, for tooltips. */
export const MEANING: Record<Standing, string> = {
  firing: "It fires, and nothing keeps it back.",
  pending: "Its condition holds, but not for long enough yet: nobody is told.",
  silenced: "It fires, and a silence keeps it back.",
  inhibited: "It fires, and another alert keeps it back.",
  muted: "It fires, and the route is silent at this time.",
};

export function standingKind(row: Pick<AlertRow, "standing" | "labels">): StatusKind {
  if (row.standing === "pending") return "info";
  if (row.standing !== "firing") return "muted";
  return severityRank(row.labels) === 0 ? "critical" : severityRank(row.labels) === 1 ? "warning" : "info";
}

export function StandingStatus({ row }: { row: Pick<AlertRow, "standing" | "labels"> }) {
  return <Status kind={standingKind(row)} word={row.standing} />;
}
