// The list of SLOs as rows: one for each objective, the worst first, chosen by state and labels, and grouped.

import { compareStandings, countStates, type Standing } from "../slo/states";
import type { BudgetSummary, SloListed } from "../slo/types";

export interface SloRow extends Standing {
  /** Unique: `service/name` and the objective. */
  key: string;
  slo: SloListed;
  budget: BudgetSummary;
}

/** One row per objective, the worst first; of those that are equal by name. */
export function rowsOf(slos: readonly SloListed[]): SloRow[] {
  const rows = slos.flatMap((slo) => slo.budgets.map((budget) => rowOf(slo, budget)));
  return rows.sort((a, b) => compareStandings(a, b) || (a.key < b.key ? -1 : 1));
}

function rowOf(slo: SloListed, budget: BudgetSummary): SloRow {
  return {
    key: budget.objective === "" ? slo.id : `${slo.id} ${budget.objective}`,
    slo,
    budget,
    state: budget.state,
    remaining: budget.window?.remaining ?? null,
    isPaging: budget.firing?.severity === "page",
  };
}

/** What the reader chose: states (any of them), and labels as `name=value` (all of them). */
export interface Choice {
  states: readonly string[];
  labels: readonly string[];
}

export function chosen(rows: readonly SloRow[], { states, labels }: Choice): SloRow[] {
  const wanted = labels.map(pairOf);
  return rows.filter((row) => {
    if (states.length > 0 && !states.includes(row.state)) return false;
    return wanted.every(([name, value]) => labelOf(row, name) === value);
  });
}

/** What a label of an SLO says; `service` and `kind` are as good as labels. */
export function labelOf(row: SloRow, name: string): string {
  if (name === "service") return row.slo.service;
  if (name === "kind") return row.slo.kind;
  return row.slo.labels[name] ?? "";
}

/** By what rows can be grouped. */
export function groupNames(rows: readonly SloRow[]): string[] {
  const names = new Set(rows.flatMap((row) => Object.keys(row.slo.labels)));
  return ["service", "kind", ...[...names].filter((name) => name !== "service" && name !== "kind").sort()];
}

export interface Group {
  /** Empty for SLOs without the label. */
  value: string;
  rows: SloRow[];
}

/** Groups by the value of a label; the group with the worst row first. Rows keep their order. */
export function grouped(rows: readonly SloRow[], name: string): Group[] {
  const groups = new Map<string, SloRow[]>();
  for (const row of rows) {
    const value = labelOf(row, name);
    groups.set(value, [...(groups.get(value) ?? []), row]);
  }
  // The rows are in the order of urgency, and so are groups by their first row.
  return [...groups].map(([value, own]) => ({ value, rows: own }));
}

/** States with at least one row, for the choice. */
export function statesOf(rows: readonly SloRow[]): { state: string; count: number }[] {
  return countStates(rows.map((row) => row.state)).filter(({ count }) => count > 0);
}

function pairOf(text: string): [string, string] {
  const equals = text.indexOf("=");
  return equals === -1 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}
