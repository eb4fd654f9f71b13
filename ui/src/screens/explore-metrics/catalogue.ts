// All that is known about a metric beside its samples: what it means, how large it is, who asks for it.

import type { Metadata } from "../../editor/names";
import type { Cardinality, CountedMetric } from "./types";

export type MetricType =
  | "counter"
  | "gauge"
  | "histogram"
  | "summary"
  | "info"
  | "stateset"
  | "gaugehistogram"
  | "unknown";

export interface Metric {
  name: string;
  type: MetricType;
  unit: string;
  help: string;
  /** Series that get samples now; null when the list of the server does not reach so far, 0 when none does. */
  series: number | null;
  share: number | null;
  /** RFC 3339; null: never since queries are noted. Undefined: not known. */
  lastQueried: string | null | undefined;
}

const ENDINGS = ["_bucket", "_count", "_sum", "_gcount", "_gsum", "_total", "_created", "_info"];

/** The description of a name: its own, or that of the family whose part it is. */
export function describedBy(name: string, metadata: Record<string, Metadata[]>): Metadata | undefined {
  const own = Object.hasOwn(metadata, name) ? metadata[name]?.[0] : undefined;
  if (own !== undefined) return own;
  const ending = ENDINGS.find((one) => name.endsWith(one));
  if (ending === undefined) return undefined;
  const family = name.slice(0, -ending.length);
  return Object.hasOwn(metadata, family) ? metadata[family]?.[0] : undefined;
}

const UNITS = [
  "seconds",
  "bytes",
  "ratio",
  "percent",
  "celsius",
  "meters",
  "volts",
  "amperes",
  "joules",
  "grams",
  "hertz",
];

/** What the metadata says, else what the name says: names end with their unit. */
export function unitOf(name: string, metadata?: Metadata): string {
  if (metadata?.unit) return metadata.unit;
  const ending = ENDINGS.find((one) => name.endsWith(one));
  const plain = ending === undefined ? name : name.slice(0, -ending.length);
  if (name.endsWith("_count") || name.endsWith("_bucket")) return "";
  return UNITS.find((unit) => plain.endsWith(`_${unit}`)) ?? "";
}

/** What a series of this name is: the parts of a histogram are counters. */
export function typeOf(name: string, metadata?: Metadata): MetricType {
  const type = (metadata?.type ?? "unknown") as MetricType;
  if (type !== "histogram" && type !== "summary") return type === "unknown" ? guessed(name) : type;
  if (type === "histogram" && name.endsWith("_bucket")) return "histogram";
  return /_(count|sum)$/.test(name) ? "counter" : type;
}

function guessed(name: string): MetricType {
  if (/_(total|count|sum)$/.test(name)) return "counter";
  if (name.endsWith("_bucket")) return "histogram";
  return name.endsWith("_info") ? "info" : "unknown";
}

/** How names are looked up while a list is built: once per answer, not once per row. */
export interface Catalogue {
  of(name: string): Metric;
}

export function catalogue(metadata: Record<string, Metadata[]>, cardinality: Cardinality | undefined): Catalogue {
  const counted = new Map<string, CountedMetric>(cardinality?.byMetric.map((entry) => [entry.name, entry]));
  // With every metric in the list, a name that is not there has no series now.
  const isWhole = cardinality !== undefined && cardinality.byMetric.length >= cardinality.metrics;
  return {
    of(name) {
      const described = describedBy(name, metadata);
      const size = counted.get(name);
      return {
        name,
        type: typeOf(name, described),
        unit: unitOf(name, described),
        help: described?.help ?? "",
        series: size?.series ?? (isWhole ? 0 : null),
        share: size?.share ?? (isWhole ? 0 : null),
        lastQueried: size === undefined ? undefined : size.lastQueried,
      };
    },
  };
}

export type Show = "all" | "unused" | "dead";

/** Dead: there are samples of it, and no series gets more. Unused: nobody asked since queries are noted. */
export function isShown(metric: Metric, show: Show, type: string): boolean {
  if (type !== "" && metric.type !== type) return false;
  if (show === "dead") return metric.series === 0;
  if (show === "unused") return metric.lastQueried === null;
  return true;
}
