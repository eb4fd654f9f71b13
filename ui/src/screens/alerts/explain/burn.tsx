// Why an SLO's alert fires: how fast its budget burns over each window, and what each burn rule sees.

import { useMemo } from "preact/hooks";
import { get } from "../../../api/client";
import { range, type Series } from "../../../api/promql";
import type { SloBudgetExplained, SloExplanation, SloRuleExplained } from "../../../api/types";
import { Chart } from "../../../charts/chart";
import type { ChartLine } from "../../../charts/types";
import { Panel } from "../../../components/panel";
import { Status } from "../../../components/status";
import { useLoad } from "../../../hooks/load";
import { fill } from "../../../router";
import { stepFor, toMilliseconds } from "../../../time";
import { evidenceRange } from "../expression";
import { printed } from "../fingerprint";
import { optional } from "../load";
import type { AlertRow } from "../model";
import type { LabelSet } from "../types";

/** Whether an alert is one that an SLO of this server makes. */
export function isBurn(row: AlertRow): boolean {
  const { service, slo } = row.labels;
  return row.origin === undefined && service !== undefined && slo !== undefined;
}

export function Burn({ row }: { row: AlertRow }) {
  const { service = "", slo = "" } = row.labels;
  const path = fill("/api/v1/slos/:service/:slo/explain", { service, slo });
  const load = useLoad((signal) => optional(get<SloExplanation>(path, { groups: 10_000 }, signal)), [path, row.since]);
  const budget = budgetOf(load.data?.budgets ?? [], row.labels);
  return (
    <>
      <BurnChart row={row} budget={budget} />
      <Panel title="Burn rules" state={load}>
        {budget === undefined ? (
          <p class="dim">This server counts no such objective: another one made the alert.</p>
        ) : (
          <ul class="alert-held">
            {budget.rules.map((one) => (
              <Rule key={JSON.stringify(one.rule)} one={one} />
            ))}
          </ul>
        )}
      </Panel>
    </>
  );
}

/** The budget that an alert is about: that of its objective, and of its group where it has one. */
export function budgetOf(budgets: SloBudgetExplained[], labels: LabelSet): SloBudgetExplained | undefined {
  const named = budgets.filter((budget) => budget.objective === (labels.objective ?? ""));
  const isOf = ({ group }: SloBudgetExplained) =>
    Object.entries(group ?? {}).every(([name, value]) => labels[name] === value);
  // The whole fits every alert, so a group that fits says more.
  return named.find((budget) => budget.group !== null && isOf(budget)) ?? named.find((budget) => budget.group === null);
}

function BurnChart({ row, budget }: { row: AlertRow; budget: SloBudgetExplained | undefined }) {
  const begin = toMilliseconds(row.since);
  const window = useMemo(() => evidenceRange(begin, 0, Date.now()), [begin]);
  const step = stepFor((window.to - window.from) / 1000, 240);
  const query = burnQuery(row.labels, budget?.group ?? null);
  const load = useLoad((signal) => range(query, { ...window, step }, signal), [query, window.from, window.to]);
  return (
    <Panel title="Evidence" state={load} evidence={query}>
      {(series: Series[]) =>
        series.length === 0 ? (
          <p class="dim">No data: the burn rate has no samples around the time at which the alert began.</p>
        ) : (
          <Chart
            name={`${row.name}: burn rate`}
            series={series.map(({ labels, points }) => ({ name: `over ${labels.window ?? "all"}`, points }))}
            range={window}
            evidence={query}
            lines={linesOf(budget, row.labels.severity)}
            marks={[{ at: begin, text: "fires", kind: "alert" }]}
          />
        )
      }
    </Panel>
  );
}

/** How many times as fast as allowed a budget burns, by window. */
export function burnQuery(labels: LabelSet, group: LabelSet | null): string {
  const { service = "", slo = "", objective } = labels;
  const wanted: LabelSet = { ...(group ?? {}), service, slo, ...(objective === undefined ? {} : { objective }) };
  return `plimsoll_slo_burn_rate_ratio${printed(wanted)}`;
}

/** The factors of rules that make alerts as loud as this one. */
export function linesOf(budget: SloBudgetExplained | undefined, severity: string | undefined): ChartLine[] {
  const factors = (budget?.rules ?? []).filter(({ rule }) => rule.severity === severity).map(({ rule }) => rule.factor);
  return [...new Set(factors)].map((factor) => ({ at: factor, text: `${severity} from ${factor}`, kind: "critical" }));
}

function Rule({ one }: { one: SloRuleExplained }) {
  const { rule, holds, text } = one;
  const windows = rule.short === null ? rule.long : `${rule.long} and ${rule.short}`;
  return (
    <li>
      <p class="row">
        <Status
          kind={holds ? (rule.severity === "page" ? "critical" : "warning") : "ok"}
          word={holds ? "holds" : "does not hold"}
        />
        <span>
          {rule.severity}: {rule.factor} times over {windows}
        </span>
      </p>
      <p class="dim">{text}</p>
    </li>
  );
}
