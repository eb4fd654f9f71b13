import { BudgetBar } from "../../components/budget-bar";
import { Notice } from "../../components/notice";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { type Column, Table } from "../../components/table";
import { number } from "../../format";
import { achieved, achievedText, groupKey, groupText, isCounted, leftInTime, outageTime } from "./budget";
import { compareStandings, rankOf, stateOf } from "./states";
import type { Budget, Slo } from "./types";

/** The budgets of the groups of an SLO's dimensions, the worst first. A press looks at that group. */
export function Groups({ slo, objective, onPick }: { slo: Slo; objective: string; onPick: (group: string) => void }) {
  const groups = slo.budgets.filter((budget) => budget.group !== null && budget.objective === objective);
  if (groups.length === 0) return null;
  const rows = [...groups].sort((a, b) => compareStandings(standingOf(a), standingOf(b)));
  const pick = (budget: Budget) => {
    onPick(groupKey(budget.group));
    window.scrollTo?.(0, 0);
  };
  return (
    <Panel title={`Groups: ${slo.groups}`}>
      {slo.isFolded && (
        <Notice kind="warning">
          There are more groups than the limit; the others are counted together as <code>__other__</code>.
        </Notice>
      )}
      {groups.length < slo.groups && (
        <p class="dim">
          The first {groups.length} of {slo.groups} groups.
        </p>
      )}
      <Table
        name="groups"
        bare={groups.length < 12}
        caption="Groups"
        columns={COLUMNS}
        rows={rows}
        id={(row) => groupKey(row.group)}
        onOpen={pick}
      />
    </Panel>
  );
}

function standingOf(budget: Budget) {
  return { state: budget.state, remaining: remainingOf(budget), isPaging: budget.firing?.severity === "page" };
}

function remainingOf(budget: Budget): number | null {
  return budget.windows[0]?.remaining ?? null;
}

const COLUMNS: Column<Budget>[] = [
  {
    key: "group",
    title: "Group",
    cell: (row) => <span class="slo-link">{groupText(row.group)}</span>,
    sort: (row) => groupText(row.group),
    filter: (row) => Object.entries(row.group ?? {}).map(([name, value]) => `${name}=${value}`),
  },
  { key: "state", title: "State", cell: (row) => <Status {...stateOf(row.state)} />, sort: (row) => rankOf(row.state) },
  {
    key: "left",
    title: "Budget left",
    cell: (row) => (
      <span class="slo-when">
        <BudgetBar remaining={remainingOf(row)} target={row.target} />
      </span>
    ),
    sort: remainingOf,
    width: "180px",
  },
  {
    key: "time",
    title: "As outage",
    align: "end",
    priority: 2,
    cell: (row) => (row.windows[0] === undefined ? "no data" : leftInTime(outageTime(row, row.windows[0]))),
  },
  {
    key: "target",
    title: "Objective",
    align: "end",
    priority: 2,
    cell: (row) => `${row.target} %`,
    sort: (row) => Number(row.target),
  },
  {
    key: "achieved",
    title: "Achieved",
    align: "end",
    priority: 2,
    cell: (row) => achievedText(achieved(row.windows[0]), row.target),
    sort: (row) => achieved(row.windows[0]),
  },
  {
    key: "bad",
    title: "Bad",
    align: "end",
    priority: 2,
    cell: (row) => number(countOf(row, "bad")),
    sort: (row) => countOf(row, "bad"),
  },
  {
    key: "valid",
    title: "Counted",
    align: "end",
    priority: 2,
    cell: (row) => number(countOf(row, "valid")),
    sort: (row) => countOf(row, "valid"),
  },
];

function countOf(budget: Budget, of: "bad" | "valid"): number | null {
  const window = budget.windows[0];
  return window !== undefined && isCounted(window) ? window[of] : null;
}
