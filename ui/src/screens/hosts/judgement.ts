/** What a value means: good, a warning, critical, or not known. */

import type { Measure } from "./measures";

/** What is said of a value. */
export type Verdict = "ok" | "warning" | "critical" | "unknown" | "muted";

/** Judges a value. What is not there or no number is unknown, never good; without a threshold nothing is said. */
export function judge(measure: Measure, value: number | null | undefined): Verdict {
  if (value === null || value === undefined || Number.isNaN(value)) return "unknown";
  if (measure.critical !== undefined && value >= measure.critical) return "critical";
  if (measure.warning !== undefined && value >= measure.warning) return "warning";
  return measure.warning === undefined && measure.critical === undefined ? "muted" : "ok";
}

const RANK: Record<Verdict, number> = { critical: 4, warning: 3, ok: 2, unknown: 1, muted: 0 };

/** The worst of several verdicts. Some that are not known do not outweigh one that is; nothing known is unknown. */
export function worst(verdicts: Iterable<Verdict>): Verdict {
  let found: Verdict = "unknown";
  for (const verdict of verdicts) {
    if (verdict !== "muted" && RANK[verdict] > RANK[found]) found = verdict;
  }
  return found;
}

/** How bad a verdict is, for sorting. */
export function rank(verdict: Verdict): number {
  return RANK[verdict];
}

/** The word beside the icon. */
export const WORDS: Record<Verdict, string> = {
  ok: "ok",
  warning: "warning",
  critical: "critical",
  unknown: "no data",
  muted: "",
};
