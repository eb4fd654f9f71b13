/** What was shed of each class of criticality, put together from the store's answers. */

import type { Series } from "../../api/promql";

/** The classes of criticality; P0 is shed last. */
export const CLASSES = ["P0", "P1", "P2", "P3"] as const;

/** A class with what came and what was sent away. */
export interface ShedRow {
  class: string;
  /** Per second; null when nothing is known. */
  requests: number | null;
  /** Per second; none were counted is 0. */
  sheds: number | null;
  /** Of its requests, 0 to 1; null without requests. */
  share: number | null;
  /** In the last hour, the most frequent first. */
  reasons: { route: string; reason: string; count: number }[];
}

/** Makes a row of each class. A class whose requests were counted and whose sheds were not had none. */
export function shedRows(requests: Series[], sheds: Series[], hour: Series[]): ShedRow[] {
  return CLASSES.map((name) => {
    const came = lastOf(requests, name);
    const shed = lastOf(sheds, name) ?? (came === null ? null : 0);
    const share = came !== null && came > 0 && shed !== null ? Math.min(1, shed / came) : null;
    return { class: name, requests: came, sheds: shed, share, reasons: reasonsOf(hour, name) };
  });
}

function lastOf(series: Series[], name: string): number | null {
  const value = series.find((one) => one.labels.criticality === name)?.points.at(-1)?.[1];
  return value === undefined || Number.isNaN(value) ? null : value;
}

function reasonsOf(hour: Series[], name: string): ShedRow["reasons"] {
  return hour
    .filter((one) => one.labels.criticality === name)
    .map((one) => ({
      route: one.labels.route ?? "",
      reason: one.labels.reason ?? "",
      count: one.points.at(-1)?.[1] ?? 0,
    }))
    .filter((one) => one.count >= 0.5)
    .sort((a, b) => b.count - a.count);
}
