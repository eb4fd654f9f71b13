/**
 * Rates from the gateway's counters. Asking them needs no turn among the queries, so these numbers live when queries are
 * jammed; charts and the long past come from the store.
 */

import type { GatewayActivity as Activity } from "../../api/types";

/** How long a window is, in milliseconds: what is older says little about now. */
export const WINDOW_MS = 60_000;
/** How many snapshots a window holds at most; the tab may be open for days. */
const SNAPSHOTS_MAX = 16;

/** What was counted of one route or endpoint since the process began. */
export interface Counted {
  classes: Record<string, number>;
  tookSeconds: number;
  /** Requests per bucket; each bucket counts its own. */
  buckets: number[];
}

/** All counters at one moment. */
export interface Snapshot {
  /** A clock that never jumps, in milliseconds. */
  at: number;
  /** Upper edges of buckets in seconds, the last one without an end. */
  edges: number[];
  /** By name: a route's, or `backend/endpoint`. */
  of: Map<string, Counted>;
}

/** What happened in a window. */
export interface Happened {
  seconds: number;
  requests: number;
  /** Per second. */
  rate: number;
  classes: Record<string, number>;
  /** Share of 5xx among those whose client did not leave; null without requests. */
  errors: number | null;
  p50: Quantile | null;
  p99: Quantile | null;
}

/** A quantile; beyond the last edge only that it is more. */
export interface Quantile {
  seconds: number;
  isMore: boolean;
}

/** Adds up counters under the name that `key` gives them; null leaves them out. */
export function snapshot(activity: Activity[], at: number, key: (one: Activity) => string | null): Snapshot {
  const of = new Map<string, Counted>();
  let edges: number[] = [];
  for (const one of activity) {
    const name = key(one);
    if (name === null) continue;
    edges = one.buckets.map((bucket) => bucket.atMostSeconds ?? Number.POSITIVE_INFINITY);
    const sum = of.get(name) ?? { classes: {}, tookSeconds: 0, buckets: [] };
    for (const [name, count] of Object.entries(one.classes)) {
      sum.classes[name] = (sum.classes[name] ?? 0) + count;
    }
    sum.tookSeconds += one.tookSeconds;
    one.buckets.forEach((bucket, index) => {
      sum.buckets[index] = (sum.buckets[index] ?? 0) + bucket.count;
    });
    of.set(name, sum);
  }
  return { at, edges, of };
}

/** The key of a route's counters; requests without a route have a name of their own. */
export function byRoute(one: Activity): string | null {
  return one.route ?? NO_ROUTE;
}

/** Under this name are the requests that no route took. */
export const NO_ROUTE = "";

/** The key of an endpoint's counters; what no endpoint saw is left out. */
export function byEndpoint(one: Activity): string | null {
  return one.backend === null || one.endpoint === null ? null : endpointKey(one.backend, one.endpoint);
}

/** Joins the names of a backend and an endpoint; neither holds a line break. */
export function endpointKey(backend: string, endpoint: string): string {
  return `${backend}\n${endpoint}`;
}

/** The snapshots of the last minute. */
export class Window {
  private snapshots: Snapshot[] = [];

  /** Takes a snapshot. When a counter fell, the process began anew, and so does the window. */
  push(next: Snapshot): void {
    const last = this.snapshots.at(-1);
    if (last && (next.at <= last.at || hasRestarted(last, next))) this.snapshots = [];
    this.snapshots.push(next);
    this.snapshots = this.snapshots.filter((one) => next.at - one.at <= WINDOW_MS).slice(-SNAPSHOTS_MAX);
  }

  /** Says what happened in the window under a name; null until there are two snapshots. */
  happened(name: string): Happened | null {
    const first = this.snapshots[0];
    const last = this.snapshots.at(-1);
    if (!first || !last || first === last) return null;
    const seconds = (last.at - first.at) / 1000;
    return between(first.of.get(name), last.of.get(name), last.edges, seconds);
  }

  /** How many snapshots there are. */
  get length(): number {
    return this.snapshots.length;
  }
}

function total(counted: Counted): number {
  return Object.values(counted.classes).reduce((sum, count) => sum + count, 0);
}

function hasRestarted(older: Snapshot, newer: Snapshot): boolean {
  for (const [name, before] of older.of) {
    const now = newer.of.get(name);
    // What is gone is configured no more.
    if (now && total(now) < total(before)) return true;
  }
  return false;
}

/** What was counted between two times; what was not there before began at 0. */
function between(older: Counted | undefined, newer: Counted | undefined, edges: number[], seconds: number): Happened {
  const classes: Record<string, number> = {};
  for (const [name, count] of Object.entries(newer?.classes ?? {})) {
    classes[name] = count - (older?.classes[name] ?? 0);
  }
  const requests = Object.values(classes).reduce((sum, count) => sum + count, 0);
  const buckets = edges.map((_, index) => (newer?.buckets[index] ?? 0) - (older?.buckets[index] ?? 0));
  const judged = requests - (classes["499"] ?? 0);
  return {
    seconds,
    requests,
    rate: requests / seconds,
    classes,
    errors: judged > 0 ? (classes["5xx"] ?? 0) / judged : null,
    p50: quantile(0.5, edges, buckets),
    p99: quantile(0.99, edges, buckets),
  };
}

/** Estimates a quantile from buckets, straight lines inside of each; null without observations. */
export function quantile(q: number, edges: number[], buckets: number[]): Quantile | null {
  const count = buckets.reduce((sum, one) => sum + Math.max(0, one), 0);
  if (count === 0) return null;
  const rank = q * count;
  let below = 0;
  for (const [index, inside] of buckets.entries()) {
    if (inside > 0 && below + inside >= rank) {
      const start = index === 0 ? 0 : (edges[index - 1] ?? 0);
      const end = edges[index] ?? Number.POSITIVE_INFINITY;
      if (!Number.isFinite(end)) return { seconds: start, isMore: true };
      return { seconds: start + (end - start) * ((rank - below) / inside), isMore: false };
    }
    below += Math.max(0, inside);
  }
  return null;
}
