// What the metric explorer reads of the server.

export interface CountedMetric {
  name: string;
  series: number;
  share: number;
  /** Null: not since queries are noted. */
  lastQueried: string | null;
}

export interface Cardinality {
  series: number;
  metrics: number;
  labelNames: number;
  labelPairs: number;
  byMetric: CountedMetric[];
  byLabel: { name: string; values: number }[];
  bytesByLabel: { name: string; bytes: number }[];
  byPair: { name: string; series: number; share: number }[];
  unused: {
    recordedSince: string;
    before: string;
    metrics: number;
    series: number;
    share: number;
    byMetric: CountedMetric[];
  };
  churn?: {
    from: string;
    middle: string;
    to: string;
    created: number;
    ended: number;
    byMetric: { name: string; created: number; ended: number; series: number }[];
  };
  folding: {
    metric: string;
    label: string;
    limit: string;
    members: number;
    overflowSeries: number;
    since: string;
  }[];
}
