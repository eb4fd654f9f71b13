// The states of a budget in words, and which of two budgets needs somebody first.

import type { BudgetState } from "./types";

export type StatusKind = "ok" | "info" | "warning" | "critical" | "unknown" | "muted";

/** The worst first; a budget of which nothing is known comes before one that is well. */
export const STATES: BudgetState[] = ["exhausted", "critical", "caution", "no_data", "healthy"];

const WORDS: Record<BudgetState, { word: string; kind: StatusKind }> = {
  exhausted: { word: "exhausted", kind: "critical" },
  critical: { word: "critical", kind: "critical" },
  caution: { word: "caution", kind: "warning" },
  no_data: { word: "no data", kind: "unknown" },
  healthy: { word: "healthy", kind: "ok" },
};

/** A state that a later server knows and we do not is shown as it is called, and as unknown. */
export function stateOf(state: string): { word: string; kind: StatusKind } {
  return WORDS[state as BudgetState] ?? { word: state.replaceAll("_", " "), kind: "unknown" };
}

/** A place in the order of urgency: 0 is the worst. */
export function rankOf(state: string): number {
  const place = STATES.indexOf(state as BudgetState);
  return place === -1 ? STATES.indexOf("no_data") : place;
}

/** What is compared of two budgets. */
export interface Standing {
  state: string;
  /** The share that is left. */
  remaining: number | null;
  isPaging?: boolean;
}

/** Worst first: what pages, then by state, then by how little is left. */
export function compareStandings(a: Standing, b: Standing): number {
  const paging = Number(b.isPaging ?? false) - Number(a.isPaging ?? false);
  return paging || rankOf(a.state) - rankOf(b.state) || left(a) - left(b);
}

function left(standing: Standing): number {
  return standing.remaining ?? 1;
}

/** The worst of some; undefined of none. */
export function worstOf<T extends Standing>(all: readonly T[]): T | undefined {
  return [...all].sort(compareStandings)[0];
}

/** How many budgets are in each state, all states in the order of urgency. */
export function countStates(states: readonly string[]): { state: BudgetState; count: number }[] {
  return STATES.map((state) => ({
    state,
    count: states.filter((one) => (STATES.includes(one as BudgetState) ? one === state : state === "no_data")).length,
  }));
}
