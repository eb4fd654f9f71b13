// Queries that one usually wants of a metric of some type.

import { type Matcher, selectorOf } from "../../editor/names";
import type { Metric } from "./catalogue";

export interface Proposal {
  title: string;
  expression: string;
  /** How Explore shows it best. */
  tab?: "heatmap" | "table";
}

export interface Wanted {
  matchers: readonly Matcher[];
  /** Labels to keep apart. */
  by: readonly string[];
  /** Such as `5m`. */
  range: string;
}

const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

function by(labels: readonly string[]): string {
  if (labels.length === 0) return "";
  return ` by (${labels.map((label) => (PLAIN_LABEL.test(label) ? label : JSON.stringify(label))).join(", ")})`;
}

/** The first is what is shown first. */
export function proposals(metric: Pick<Metric, "name" | "type">, wanted: Wanted, isNative = false): Proposal[] {
  const selector = selectorOf(metric.name, wanted.matchers);
  const rate = `rate(${selector}[${wanted.range}])`;
  const over = by(wanted.by);
  switch (metric.type) {
    case "counter":
      return [
        { title: "Rate", expression: `sum${over} (${rate})` },
        { title: "Increase", expression: `sum${over} (increase(${selector}[${wanted.range}]))` },
        { title: "Top 5", expression: `topk(5, ${rate})` },
        { title: "Raw", expression: selector },
      ];
    case "histogram":
      return isNative ? nativeProposals(rate, over) : classicProposals(rate, wanted.by);
    case "summary":
      return [
        { title: "Quantiles", expression: selector },
        { title: "Highest", expression: `max${over} (${selector})` },
      ];
    case "info":
    case "stateset":
      return [
        { title: "Values", expression: selector, tab: "table" },
        { title: "Count", expression: `count${over} (${selector})` },
      ];
    default:
      return [
        { title: "Values", expression: over === "" ? selector : `avg${over} (${selector})` },
        { title: "Sum", expression: `sum${over} (${selector})` },
        { title: "Highest", expression: `max${over} (${selector})` },
        { title: "Change in an hour", expression: `delta(${selector}[1h])` },
      ];
  }
}

function classicProposals(rate: string, labels: readonly string[]): Proposal[] {
  const buckets = `sum${by(["le", ...labels])} (${rate})`;
  return [
    { title: "p99", expression: `histogram_quantile(0.99, ${buckets})` },
    { title: "p50", expression: `histogram_quantile(0.5, ${buckets})` },
    { title: "Heat map", expression: `sum by (le) (${rate})`, tab: "heatmap" },
    { title: "Rate", expression: `sum${by(labels)} (${rate.replace(/_bucket([{[])/, "_count$1")})` },
  ];
}

function nativeProposals(rate: string, over: string): Proposal[] {
  const histogram = `sum${over} (${rate})`;
  return [
    { title: "p99", expression: `histogram_quantile(0.99, ${histogram})` },
    { title: "p50", expression: `histogram_quantile(0.5, ${histogram})` },
    { title: "Heat map", expression: `sum (${rate})`, tab: "heatmap" },
    { title: "Rate", expression: `histogram_count(${histogram})` },
  ];
}

/** Takes a condition away when it is there, else puts it there instead of others of the label. */
export function toggled(matchers: readonly Matcher[], name: string, value: string): Matcher[] {
  const rest = matchers.filter((matcher) => matcher.name !== name);
  const isThere = matchers.some((matcher) => matcher.name === name && matcher.value === value);
  return isThere ? rest : [...rest, { name, type: "=", value }];
}
