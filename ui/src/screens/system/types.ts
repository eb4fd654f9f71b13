/** What the server says of itself, as far as these screens read it. */

export type Labels = Record<string, string>;

/** A target that is scraped. */
export interface Target {
  discoveredLabels: Labels;
  labels: Labels;
  scrapePool: string;
  /** `internal:<job>` for what is collected in the process itself. */
  scrapeUrl: string;
  globalUrl: string;
  lastError: string;
  lastScrape: string;
  /** Seconds. */
  lastScrapeDuration: number;
  health: "up" | "down" | "unknown";
  scrapeInterval: string;
  scrapeTimeout: string;
}

export interface DroppedTarget {
  discoveredLabels: Labels;
  scrapePool: string;
}

export interface Targets {
  activeTargets: Target[];
  droppedTargets: DroppedTarget[];
  droppedTargetCounts: Record<string, number>;
}

/** A relabelling rule as the configuration has it, and what it makes of the labels. */
export interface RelabelStep {
  rule: {
    source_labels?: string[];
    separator?: string;
    regex?: string;
    modulus?: number;
    target_label?: string;
    replacement?: string;
    action: string;
  };
  output: Labels;
  keep: boolean;
}

/** `status/store`: times are milliseconds since 1970. */
export interface StoreStatus {
  durability: {
    mode: "always" | "group" | "os";
    freeBytesReserve: number;
    writes: { writes: string; acknowledged: string; killLoses: string; powerLossLoses: string }[];
  };
  recovery: {
    durationSeconds: number;
    isClean: boolean;
    segments: number;
    bytes: number;
    records: number;
    samples: number;
    deletions: number;
    samplesInParts: number;
    repeated: number;
    withoutSeries: number;
    undecodable: number;
    cut: Damage[];
    skipped: Damage[];
    parts: number;
    quarantined: Quarantined[];
    staleParts: string[];
    repaired: string[];
  };
  retention: {
    rules: { selector: string; raw: string; "5m": string; "1h": string }[];
    bytes: number | null;
    diskShare: number | null;
    horizon: number;
  };
  head: {
    series: number;
    samples: number;
    minTime: number | null;
    maxTime: number | null;
    logSegments: number;
    logBytes: number;
  };
  tiers: { tier: string; parts: number; samples: number; bytes: number; minTime: number; maxTime: number }[];
  quarantined: Quarantined[];
  /** Why writes are refused; null when they are taken. */
  refusal: string | null;
  freeBytes: number | null;
}

export interface Damage {
  segment: number;
  offset: number;
  bytes: number;
}

export interface Quarantined {
  name: string;
  minTime: number;
  maxTime: number;
  reason: string;
}

export interface Block {
  ulid: string;
  minTime: number;
  maxTime: number;
  stats: { numSamples: number; numSeries: number; numChunks: number; numBytes?: number };
  compaction: { level: number };
}

export interface Cardinality {
  series: number;
  metrics: number;
  labelNames: number;
  labelPairs: number;
  byMetric: SeriesCount[];
  byLabel: { name: string; values: number }[];
  bytesByLabel: { name: string; bytes: number }[];
  byPair: SeriesCount[];
  unused: {
    recordedSince: string | null;
    before: string;
    metrics: number;
    series: number;
    share: number;
    byMetric: SeriesCount[];
  };
  folding: { metric: string; label: string; limit: string; members: number; overflowSeries: number; since: string }[];
}

export interface SeriesCount {
  name: string;
  series: number;
  /** Of all series, 0 to 1. */
  share: number;
  lastQueried?: string | null;
}

/** A query that waits or runs; times are milliseconds. */
export interface ActiveQuery {
  id: string;
  query: string;
  state: "running" | "queued";
  lane: string;
  started: number;
  duration: string;
  remote_addr: string;
  start: number;
  end: number;
  step: number;
  series: number;
  samples: number;
  bytes: number;
}

export interface QuerySum {
  query: string;
  timeRangeSeconds: number;
  sumDurationSeconds: number;
  avgDurationSeconds: number;
  count: number;
}

export interface TopQueries {
  topN: string;
  maxLifetime: string;
  topByCount: QuerySum[];
  topByAvgDuration: QuerySum[];
  topBySumDuration: QuerySum[];
}

/** A file that is in force. */
export interface ConfigFile {
  path: string;
  role: string;
  loadedAt: string;
  bytes: number;
  objects: { kind: string; name: string; line: number }[];
  /** With stars for secrets. */
  text: string;
  isCut?: boolean;
}

export interface Files {
  files: ConfigFile[];
  reloads: Reload[];
}

export interface Reload {
  at: string;
  ok: boolean;
  message: string;
}

export interface RuntimeInfo {
  startTime: string;
  CWD: string;
  hostname: string;
  serverTime: string;
  reloadConfigSuccess: boolean;
  lastConfigTime: string;
  corruptionCount: number;
  goroutineCount: number;
  GOMAXPROCS: number;
  storageRetention: string;
}

export interface BuildInfo {
  version: string;
  revision: string;
}

export interface Alertmanagers {
  activeAlertmanagers: { url: string }[];
  droppedAlertmanagers: { url: string }[];
}
