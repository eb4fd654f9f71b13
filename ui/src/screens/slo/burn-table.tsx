// Why somebody is told, or is not: each burn rule with what it sees and what it lacks.

import { get } from "../../api/client";
import { Empty } from "../../components/empty";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { type Column, Table } from "../../components/table";
import { percent } from "../../format";
import { useLoad } from "../../hooks/load";
import { apiPath, findBudget, groupKey } from "./budget";
import { type BurnCell, type BurnRow, burnRows } from "./burn-rows";
import type { Budget, Explanation, Slo } from "./types";

export function BurnTable({ slo, budget, tick }: { slo: Slo; budget: Budget; tick: number }) {
  const explained = useLoad(
    (signal) => get<Explanation>(apiPath(slo.id, "/explain"), undefined, signal),
    [slo.id, tick],
  );
  const alerts = slo.definition.alerts;
  return (
    <Panel title={alerts.name === null ? "Burn rules" : `Burn rules of the alert ${alerts.name}`} state={explained}>
      {(found: Explanation) => {
        const own = findBudget(found.budgets, budget.objective, groupKey(budget.group));
        const rows = own === undefined ? [] : burnRows(own);
        return (
          <>
            <div class="slo-stacked">
              <Table
                name="burns"
                bare
                caption="Burn rules"
                columns={COLUMNS}
                rows={rows}
                id={(row) => row.id}
                empty={<NoRules />}
              />
            </div>
            {rows.length > 0 && <p class="dim">{policyText(slo)}</p>}
          </>
        );
      }}
    </Panel>
  );
}

const COLUMNS: Column<BurnRow>[] = [
  {
    key: "severity",
    title: "Tells by",
    cell: (row) => <Status kind={row.severity === "page" ? "critical" : "warning"} word={row.severity} />,
  },
  {
    key: "factor",
    title: "Factor",
    align: "end",
    help: "How many times as fast as the budget allows both windows must burn.",
    cell: (row) => row.factor,
  },
  { key: "long", title: "Long window", align: "end", cell: (row) => <Cell of={row.long} /> },
  {
    key: "short",
    title: "Short window",
    align: "end",
    cell: (row) => (row.short === null ? "none" : <Cell of={row.short} />),
  },
  {
    key: "nearness",
    title: "Reached",
    help: "The smaller share of the factor of both windows.",
    cell: (row) => <Reached row={row} />,
  },
  {
    key: "verdict",
    title: "Now",
    cell: (row) => (
      <div class="slo-verdict">
        <Status
          kind={row.holds ? "critical" : row.lacks === "nothing was measured" ? "unknown" : "ok"}
          word={row.holds ? "holds" : row.lacks}
        />
        <span class="dim">{[row.text, ...row.conditions].join("; ")}</span>
      </div>
    ),
  },
];

function Cell({ of }: { of: BurnCell }) {
  return (
    <span class="slo-burn">
      <span class="dim">{of.window}</span>{" "}
      <span class={(of.share ?? 0) >= 1 ? "slo-burning" : undefined}>{of.burn}</span>
    </span>
  );
}

function Reached({ row }: { row: BurnRow }) {
  return (
    <span class="slo-reached" title={`${percent(row.nearness, 0)} of the factor`}>
      <meter min={0} max={1} value={row.nearness} aria-label={`${percent(row.nearness, 0)} of the factor`} />
      {percent(row.nearness, 0)}
    </span>
  );
}

function policyText(slo: Slo): string {
  const { hysteresis, evidence, exhaustsIn } = slo.definition.alerts;
  const parts = [
    `An alert ends when it burns below ${percent(hysteresis.off, 0)} of the factor for ${hysteresis.keep}.`,
    `It needs ${evidence.badMin} bad events, and that chance makes as many is less likely than ${percent(evidence.chance)}.`,
  ];
  if (exhaustsIn !== null) parts.push(`It also tells when the budget is forecast to be used up within ${exhaustsIn}.`);
  return parts.join(" ");
}

function NoRules() {
  return (
    <Empty
      title="Nobody is told of this budget"
      lines={[
        <>
          It says <code>alerts: none</code>, or no rule can be reached by its objective. Take that line out of its file
          to have the default rules.
        </>,
      ]}
    />
  );
}
