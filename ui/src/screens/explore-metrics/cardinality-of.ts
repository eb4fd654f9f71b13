// The labels of a metric, counted from its series.

import type { Labels } from "../../api/promql";

export interface LabelUse {
  name: string;
  /** Different values. */
  values: number;
  /** Series that have the label. */
  series: number;
  /** The values that most series have. */
  top: { value: string; series: number }[];
}

export const VALUES_SHOWN = 12;

/** Labels with most values first: these make a metric large. */
export function labelsOf(series: readonly Labels[]): LabelUse[] {
  const counts = new Map<string, Map<string, number>>();
  for (const labels of series) {
    for (const [name, value] of Object.entries(labels)) {
      if (name === "__name__") continue;
      const values = counts.get(name) ?? new Map<string, number>();
      values.set(value, (values.get(value) ?? 0) + 1);
      counts.set(name, values);
    }
  }
  const uses = [...counts].map(([name, values]) => useOf(name, values));
  return uses.sort((a, b) => b.values - a.values || (a.name < b.name ? -1 : 1));
}

function useOf(name: string, values: ReadonlyMap<string, number>): LabelUse {
  const sorted = [...values].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return {
    name,
    values: values.size,
    series: sorted.reduce((sum, [, count]) => sum + count, 0),
    top: sorted.slice(0, VALUES_SHOWN).map(([value, count]) => ({ value, series: count })),
  };
}
