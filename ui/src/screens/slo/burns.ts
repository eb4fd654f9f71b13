// Burn rates over the same windows for all SLOs, from the metrics of budgets, which every SLO has whatever its rules are.

import { instant, type Series } from "../../api/promql";

export const BURN_WINDOWS = ["1h", "6h", "3d"] as const;
export type BurnWindow = (typeof BURN_WINDOWS)[number];

/** Burn rates of one objective by window; a window that is not there is not known. */
export type Burns = Partial<Record<BurnWindow, number>>;

const BUDGET = "slo:error_budget:ratio";

const OF_ALERTS = "plimsoll_slo_burn_rate_ratio";

/**
 * What all of them are asked with; the label `sloth_window` or `window` tells the window. Composites count nothing, so only
 * the windows of their alerts are there.
 */
export const ALL_BURNS =
  `({__name__=~"slo:sli_error:ratio_rate(${BURN_WINDOWS.join("|")})"} / on(sloth_id) group_left() ${BUDGET})` +
  ` or ${OF_ALERTS}{window=~"${BURN_WINDOWS.join("|")}"}`;

/** The query behind the indicator: the share of good ones of the last five minutes. */
export function indicatorQuery(slo: { service: string; name: string }, objective: string): string {
  return `1 - slo:sli_error:ratio_rate5m{sloth_service=${quoted(slo.service)},sloth_slo=${quoted(nameOf(slo.name, objective))}}`;
}

/** What names an SLO in metrics. */
export interface Named {
  service: string;
  name: string;
  kind: string;
}

/** The query behind one of them. */
export function burnQuery(slo: Named, objective: string, window: string): string {
  if (slo.kind === "composite") {
    return `${OF_ALERTS}{service=${quoted(slo.service)},slo=${quoted(slo.name)},window=${quoted(window)}}`;
  }
  const of = `{sloth_service=${quoted(slo.service)},sloth_slo=${quoted(nameOf(slo.name, objective))}}`;
  return `slo:sli_error:ratio_rate${window}${of} / on(sloth_id) ${BUDGET}`;
}

/** The query behind the burn rate of the whole window. */
export function periodBurnQuery(slo: Named, objective: string): string {
  if (slo.kind === "composite")
    return `1 - plimsoll_slo_budget_remaining_ratio{service=${quoted(slo.service)},slo=${quoted(slo.name)}}`;
  return `slo:period_burn_rate:ratio{sloth_service=${quoted(slo.service)},sloth_slo=${quoted(nameOf(slo.name, objective))}}`;
}

/** The query behind what is left of a budget; of a group too. */
export function remainingQuery(
  slo: { service: string; name: string },
  objective: string,
  window: string,
  group: Record<string, string> | null = null,
): string {
  const labels: [string, string][] = [
    ["service", slo.service],
    ["slo", slo.name],
    // An empty value asks for series without the label.
    ["objective", objective],
    // A period of the calendar is called without its zone there.
    ["window", window.replace(/ in .*/, "")],
    ...Object.entries(group ?? {}),
  ];
  return `plimsoll_slo_budget_remaining_ratio{${labels.map(([name, value]) => `${name}=${quoted(value)}`).join(",")}}`;
}

/** The query behind what was achieved: what is left of the budget says how much of it the bad ones used up. */
export function achievedQuery(
  slo: { service: string; name: string },
  objective: string,
  window: string,
  group: Record<string, string> | null = null,
): string {
  const of = `service=${quoted(slo.service)},slo=${quoted(slo.name)},objective=${quoted(objective)}`;
  const target = `scalar(plimsoll_slo_objective_ratio{${of}})`;
  return `1 - (1 - ${remainingQuery(slo, objective, window, group)}) * (1 - ${target})`;
}

export async function loadBurns(signal?: AbortSignal): Promise<Map<string, Burns>> {
  return burnsOf(await instant(ALL_BURNS, undefined, signal));
}

export function burnsOf(series: readonly Series[]): Map<string, Burns> {
  const found = new Map<string, Burns>();
  for (const { labels, points } of series) {
    const window = BURN_WINDOWS.find((one) => one === (labels.sloth_window ?? labels.window));
    const value = points.at(-1)?.[1];
    if (window === undefined || value === undefined || Number.isNaN(value)) continue;
    const key = keyOf(labels.sloth_service ?? labels.service ?? "", named(labels));
    const known = found.get(key);
    // Both say the same where both are there; the first is kept.
    if (known?.[window] === undefined) found.set(key, { ...known, [window]: value });
  }
  return found;
}

/** Burn rates of an objective; undefined when the metrics are not there yet. */
export function burnsFor(
  all: Map<string, Burns> | undefined,
  slo: { service: string; name: string },
  objective: string,
): Burns | undefined {
  return all?.get(keyOf(slo.service, nameOf(slo.name, objective)));
}

function named(labels: Record<string, string>): string {
  return labels.sloth_slo ?? nameOf(labels.slo ?? "", labels.objective ?? "");
}

/** Where an SLO has several objectives, the metrics name them at the end. */
function nameOf(name: string, objective: string): string {
  return objective === "" ? name : `${name}-${objective}`;
}

function keyOf(service: string, name: string): string {
  return `${service}\n${name}`;
}

/** A text as PromQL writes it. */
export function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}
