// Names and values that completion proposes, asked of our server: bounded in number, in time and in what is kept.

import { get } from "../api/client";
import { type Cache, createCache } from "./cache";

/** Of each list; what is not among them is found by typing more. */
export const NAMES_MAX = 1000;
const LIFETIME = 60_000;
const METADATA_LIFETIME = 300_000;
const METADATA_MAX = 10_000;

export interface Metadata {
  type: string;
  help: string;
  unit?: string;
}

export interface Matcher {
  name: string;
  /** `=`, `!=`, `=~`, `!~`. */
  type: string;
  value: string;
}

/** Names, and whether more of them match. */
export interface Names {
  names: string[];
  hasMore: boolean;
}

export interface NameSource {
  metrics(typed: string): Promise<Names>;
  metadata(): Promise<Record<string, Metadata[]>>;
  labels(metric: string): Promise<string[]>;
  values(label: string, metric: string, matchers: readonly Matcher[], typed: string): Promise<Names>;
  /** Ends what is being asked. */
  close(): void;
}

export function createNames(): NameSource {
  const lists: Cache<Names> = createCache(64, LIFETIME);
  const labels: Cache<string[]> = createCache(64, LIFETIME);
  const descriptions: Cache<Record<string, Metadata[]>> = createCache(1, METADATA_LIFETIME);
  let latest = new AbortController();
  /** Only the newest search is of use: every key begins another one. */
  const next = () => {
    latest.abort();
    latest = new AbortController();
    return latest.signal;
  };
  return {
    async metrics(typed) {
      // Most servers have few enough names to know them all; then nothing is asked while one types.
      const all = await lists.get("metrics", () => search("metric_names", {}));
      return all.hasMore
        ? lists.get(`metrics ${typed}`, () => search("metric_names", { "search[]": typed }, next()))
        : all;
    },
    metadata: () => descriptions.get("", () => get("/api/v1/metadata", { limit: METADATA_MAX, limit_per_metric: 2 })),
    labels: (metric) =>
      labels.get(metric, () =>
        get(
          "/api/v1/labels",
          { "match[]": metric === "" ? undefined : selectorOf(metric, []), limit: NAMES_MAX },
          next(),
        ),
      ),
    values(label, metric, matchers, typed) {
      const others = matchers.filter((matcher) => matcher.name !== label && matcher.value !== "");
      const selector = metric === "" && others.length === 0 ? undefined : selectorOf(metric, others);
      const key = JSON.stringify([label, selector, typed]);
      return lists.get(key, () => search("label_values", { label, "match[]": selector, "search[]": typed }, next()));
    },
    close: () => latest.abort(),
  };
}

/** Asks a search endpoint, which answers lines of JSON: lists of results, and at the end whether there are more. */
export async function search(
  what: "metric_names" | "label_names" | "label_values",
  params: Record<string, string | undefined>,
  signal?: AbortSignal,
): Promise<Names> {
  const query = new URLSearchParams({ limit: String(NAMES_MAX), case_sensitive: "false" });
  for (const [name, value] of Object.entries(params)) {
    if (value !== undefined && value !== "") query.set(name, value);
  }
  if (query.has("search[]")) query.set("sort_by", "score");
  const response = await fetch(`/api/v1/search/${what}?${query}`, signal === undefined ? {} : { signal });
  if (!response.ok) throw new Error(`the server answered with status ${response.status}`);
  return namesOf(await response.text());
}

export function namesOf(lines: string): Names {
  const found: Names = { names: [], hasMore: false };
  for (const line of lines.split("\n")) {
    if (line === "") continue;
    const read = JSON.parse(line) as { results?: { name?: string; value?: string }[]; has_more?: boolean };
    for (const result of read.results ?? []) found.names.push(result.name ?? result.value ?? "");
    if (read.has_more === true) found.hasMore = true;
  }
  return found;
}

const PLAIN_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const PLAIN_LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** A selector with the metric and the conditions; names that are no plain identifiers are quoted. */
export function selectorOf(metric: string, matchers: readonly Matcher[]): string {
  const isPlain = metric === "" || PLAIN_NAME.test(metric);
  const conditions = isPlain ? [] : [quoted(metric)];
  for (const { name, type, value } of matchers) {
    conditions.push(`${PLAIN_LABEL.test(name) ? name : quoted(name)}${type}${quoted(value)}`);
  }
  if (conditions.length === 0) return metric === "" ? "{}" : metric;
  return `${isPlain ? metric : ""}{${conditions.join(",")}}`;
}

/** A string of PromQL. JSON's escapes are among those that it knows. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
