import { describe, expect, it } from "vitest";
import type { BudgetState, BudgetSummary, SloListed } from "../slo/types";
import { chosen, grouped, groupNames, rowsOf, statesOf } from "./rows";

function budget(state: BudgetState, remaining: number | null, objective = "", pages = false): BudgetSummary {
  return {
    objective,
    group: null,
    target: "99.9",
    state,
    stateSince: null,
    firing: pages ? { severity: "page", since: "" } : null,
    window: { window: "30d", from: "", to: "", end: "", parts: [], badShare: null, consumed: null, remaining },
  };
}

function slo(id: string, labels: Record<string, string>, ...budgets: BudgetSummary[]): SloListed {
  const [service = "", name = ""] = id.split("/");
  return {
    id,
    service,
    name,
    kind: "events",
    description: "",
    labels,
    origin: "",
    since: null,
    groups: 0,
    isFolded: false,
    budgets,
  };
}

const slos = [
  slo("a/well", { team: "one" }, budget("healthy", 0.9)),
  slo("b/over", { team: "two" }, budget("exhausted", -1)),
  slo("c/tiers", { team: "one" }, budget("healthy", 1, "p50"), budget("critical", 0.2, "p99")),
  slo("d/none", {}, budget("no_data", null)),
  slo("e/pages", { team: "<b>" }, budget("caution", 0.4, "", true)),
];

describe("the list", () => {
  it("has a row for each objective, the worst first", () => {
    expect(rowsOf(slos).map((row) => row.key)).toEqual([
      "e/pages",
      "b/over",
      "c/tiers p99",
      "d/none",
      "a/well",
      "c/tiers p50",
    ]);
  });

  it("is chosen by any of the states and all of the labels", () => {
    const keys = (states: string[], labels: string[]) => chosen(rowsOf(slos), { states, labels }).map((row) => row.key);
    expect(keys([], [])).toHaveLength(6);
    expect(keys(["exhausted", "critical"], [])).toEqual(["b/over", "c/tiers p99"]);
    expect(keys([], ["team=one", "service=c"])).toEqual(["c/tiers p99", "c/tiers p50"]);
    expect(keys([], ["team=<b>"])).toEqual(["e/pages"]);
    expect(keys([], ["team="])).toEqual(["d/none"]);
    expect(keys([], ["nobody=has"])).toEqual([]);
  });

  it("is grouped by a label, the group with the worst row first", () => {
    const groups = grouped(rowsOf(slos), "team").map((group) => [group.value, group.rows.length]);
    expect(groups).toEqual([
      ["<b>", 1],
      ["two", 1],
      ["one", 3],
      ["", 1],
    ]);
    expect(groupNames(rowsOf(slos))).toEqual(["service", "kind", "team"]);
  });

  it("counts states that are there", () => {
    expect(statesOf(rowsOf(slos)).map(({ state, count }) => `${state} ${count}`)).toEqual([
      "exhausted 1",
      "critical 1",
      "caution 1",
      "no_data 1",
      "healthy 2",
    ]);
  });
});
