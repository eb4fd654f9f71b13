/** The program's own metrics, one line for each series. */

import { number } from "../../format";

/** A metric family as `status/self_metrics` tells it. */
export interface RawMetric {
  name: string;
  help: string;
  type: string;
  metric: {
    label?: { name: string; value: string }[];
    gauge?: { value: number | string };
    counter?: { value: number | string };
    untyped?: { value: number | string };
    histogram?: { sampleCount: number | string; sampleSum: number | string };
    summary?: { sampleCount: number | string; sampleSum: number | string };
  }[];
}

export interface OwnMetric {
  id: string;
  name: string;
  labels: string;
  type: string;
  help: string;
  /** For sorting; of histograms how many observations there were. */
  value: number | null;
  text: string;
  query: string;
}

/** Makes lines of families, those with a value before those that were never counted, in the order they are told. */
export function ownMetrics(families: RawMetric[]): OwnMetric[] {
  return families.flatMap((family) =>
    family.metric.map((one) => {
      const pairs = (one.label ?? []).map((label) => `${label.name}=${JSON.stringify(label.value)}`);
      const labels = pairs.join(", ");
      const { value, text } = told(one);
      return {
        id: `${family.name}{${labels}}`,
        name: family.name,
        labels,
        type: family.type.toLowerCase(),
        help: family.help,
        value,
        text,
        query: queryOf(family, pairs),
      };
    }),
  );
}

function told(metric: RawMetric["metric"][number]): { value: number | null; text: string } {
  const plain = metric.gauge ?? metric.counter ?? metric.untyped;
  if (plain !== undefined) {
    const value = Number(plain.value);
    return { value, text: number(value) };
  }
  const spread = metric.histogram ?? metric.summary;
  if (spread === undefined) return { value: null, text: "no data" };
  const count = Number(spread.sampleCount);
  const mean = Number(spread.sampleSum) / count;
  return { value: count, text: count === 0 ? "none" : `${number(count)}, mean ${meanText(mean)}` };
}

function meanText(mean: number): string {
  return Number.isFinite(mean) ? number(mean) : "no data";
}

/** What Explore draws: the rate of what only grows, the 99th percentile of what is spread. */
function queryOf(family: RawMetric, pairs: string[]): string {
  const matchers = ['job="plimsoll"', ...pairs].join(", ");
  if (family.type === "COUNTER") return `rate(${family.name}{${matchers}}[5m])`;
  if (family.type === "HISTOGRAM") {
    return `histogram_quantile(0.99, sum by (le) (rate(${family.name}_bucket{${matchers}}[5m])))`;
  }
  return `${family.name}{${matchers}}`;
}
