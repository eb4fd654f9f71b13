// What a service is called in one word, and which one needs somebody first.

import { quoted } from "../slo/burns";
import { rankOf, type StatusKind, stateOf } from "../slo/states";
import type { Service } from "./types";

export interface Health {
  kind: StatusKind;
  word: string;
}

/** What pages counts most, then what the budget says, then what is told by ticket. Without any of it nobody says. */
export function healthOf(service: Pick<Service, "alerts" | "worst">): Health {
  const { alerts, worst } = service;
  if (alerts.page > 0) return { kind: "critical", word: "paging" };
  if (worst !== null && rankOf(worst.state) <= rankOf("critical")) return stateOf(worst.state);
  if (alerts.ticket > 0) return { kind: "warning", word: "ticket" };
  if (worst !== null) return stateOf(worst.state);
  if (alerts.other > 0) return { kind: "info", word: "alert" };
  return { kind: "muted", word: "no SLO" };
}

const ORDER: StatusKind[] = ["critical", "warning", "unknown", "info", "ok", "muted"];

export function healthRank(health: Health): number {
  return ORDER.indexOf(health.kind) * 2 + (health.word === "paging" ? 0 : 1);
}

/** Worst first: by health, then by how little budget is left, then by name. */
export function byUrgency(a: Service, b: Service): number {
  return (
    healthRank(healthOf(a)) - healthRank(healthOf(b)) ||
    (a.worst?.remaining ?? 2) - (b.worst?.remaining ?? 2) ||
    (a.name < b.name ? -1 : 1)
  );
}

/** By what is left of the worst budget, the least first; those without a budget last. */
export function byBudget(a: Service, b: Service): number {
  return budgetOf(a) - budgetOf(b) || (a.name < b.name ? -1 : 1);
}

function budgetOf({ worst }: Service): number {
  if (worst === null) return Number.POSITIVE_INFINITY;
  return worst.remaining ?? Number.MAX_VALUE;
}

export function servicePath(name: string): string {
  return `/services/${encodeURIComponent(name)}`;
}

/** `2 pages, 1 ticket`; empty for none. */
export function alertsText({ page, ticket, other }: Service["alerts"]): string {
  const part = (count: number, word: string) => (count === 0 ? [] : [`${count} ${word}${count === 1 ? "" : "s"}`]);
  return [...part(page, "page"), ...part(ticket, "ticket"), ...part(other, "other")].join(", ");
}

/** The list of alerts with those that are about a service. */
export function alertsPath(service: string): string {
  return `/alerts?filter=${encodeURIComponent(`service=${quoted(service)}`)}`;
}
