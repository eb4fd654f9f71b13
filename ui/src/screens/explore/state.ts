// What Explore shows, as the URL has it: a link is all another reader needs.

import { parseDuration } from "../../time";

export type Tab = "graph" | "table" | "heatmap" | "explain";
export const TABS: readonly Tab[] = ["graph", "table", "heatmap", "explain"];

/** How many points a curve has when no step is chosen. */
export type Resolution = "low" | "medium" | "high";
export const POINTS: Record<Resolution, number> = { low: 80, medium: 240, high: 800 };

export interface ExploreState {
  /** A, B, C, ..: at least one, which may be empty. */
  expressions: string[];
  tab: Tab;
  /** Seconds; null leaves it to the resolution. */
  step: number | null;
  resolution: Resolution;
  /** Such as `1w`; null compares with nothing. */
  offset: string | null;
  isStacked: boolean;
  isLog: boolean;
  hasExemplars: boolean;
  /** Letters of queries that are not run. */
  off: string[];
  /** Of each letter the curves that alone are drawn, when the URL stays short. */
  only: Record<string, string[]>;
}

/** More than a page can show; each is a query of its own on the server. */
export const EXPRESSIONS_MAX = 10;
/** Longer lists of curves are not written into the URL. */
export const ONLY_LENGTH_MAX = 600;

export function letter(index: number): string {
  return String.fromCharCode(65 + index);
}

export function read(query: URLSearchParams): ExploreState {
  const expressions = query.getAll("expr").slice(0, EXPRESSIONS_MAX);
  const tab = TABS.find((name) => name === query.get("tab")) ?? "graph";
  const offset = query.get("offset");
  const letters = new Set(expressions.map((_, index) => letter(index)));
  return {
    expressions: expressions.length === 0 ? [""] : expressions,
    tab,
    step: stepOf(query.get("step")),
    resolution: (["low", "medium", "high"] as const).find((name) => name === query.get("res")) ?? "medium",
    offset: offset !== null && isOffset(offset) ? offset : null,
    isStacked: query.get("stacked") === "1",
    isLog: query.get("scale") === "log",
    hasExemplars: query.get("exemplars") === "1",
    off: (query.get("off") ?? "").split(",").filter((name) => letters.has(name)),
    only: readOnly(query.getAll("only")),
  };
}

/** What `setQuery` is given; null takes a parameter away, so that the URL says only what is not usual. */
export function written(changes: Partial<ExploreState>): Record<string, string | string[] | null> {
  const query: Record<string, string | string[] | null> = {};
  if (changes.expressions !== undefined) {
    const isEmpty = changes.expressions.every((expression) => expression === "");
    query.expr = isEmpty && changes.expressions.length <= 1 ? null : changes.expressions;
  }
  if (changes.tab !== undefined) query.tab = changes.tab === "graph" ? null : changes.tab;
  if (changes.step !== undefined) query.step = changes.step === null ? null : stepText(changes.step);
  if (changes.resolution !== undefined) query.res = changes.resolution === "medium" ? null : changes.resolution;
  if (changes.offset !== undefined) query.offset = changes.offset;
  if (changes.isStacked !== undefined) query.stacked = changes.isStacked ? "1" : null;
  if (changes.isLog !== undefined) query.scale = changes.isLog ? "log" : null;
  if (changes.hasExemplars !== undefined) query.exemplars = changes.hasExemplars ? "1" : null;
  if (changes.off !== undefined) query.off = changes.off.length === 0 ? null : changes.off.join(",");
  if (changes.only !== undefined) query.only = writtenOnly(changes.only);
  return query;
}

function stepOf(text: string | null): number | null {
  if (text === null) return null;
  const milliseconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : parseDuration(text);
  return milliseconds === null || milliseconds <= 0 ? null : milliseconds / 1000;
}

/** Seconds as a duration that both the URL and the server read. */
export function stepText(seconds: number): string {
  if (!Number.isInteger(seconds)) return `${Math.round(seconds * 1000)}ms`;
  for (const [unit, size] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
  ] as const) {
    if (seconds % size === 0) return `${seconds / size}${unit}`;
  }
  return `${seconds}s`;
}

/** Reads what a person writes as a step: `30s`, `5m`, or seconds; undefined for what is none, null for nothing. */
export function parseStep(text: string): number | null | undefined {
  const plain = text.trim();
  if (plain === "" || plain === "auto") return null;
  return stepOf(plain) ?? undefined;
}

export function isOffset(text: string): boolean {
  const milliseconds = parseDuration(text);
  return milliseconds !== null && milliseconds >= 1000;
}

/** `A:name` of each curve. */
function readOnly(entries: readonly string[]): Record<string, string[]> {
  const only: Record<string, string[]> = {};
  for (const entry of entries) {
    const found = /^([A-J]):([\s\S]+)$/.exec(entry);
    const [, of, name] = found ?? [];
    if (of === undefined || name === undefined) continue;
    only[of] = [...(only[of] ?? []), name];
  }
  return only;
}

function writtenOnly(only: Record<string, string[]>): string[] | null {
  const entries = Object.entries(only).flatMap(([of, names]) => names.map((name) => `${of}:${name}`));
  const length = entries.reduce((sum, entry) => sum + entry.length, 0);
  return entries.length === 0 || length > ONLY_LENGTH_MAX ? null : entries;
}

/** The lists without one query: the letters behind it move up. */
export function without(state: ExploreState, index: number): Partial<ExploreState> {
  const expressions = state.expressions.filter((_, at) => at !== index);
  const renamed = (name: string) => {
    const at = name.charCodeAt(0) - 65;
    if (at === index) return null;
    return letter(at > index ? at - 1 : at);
  };
  const off = state.off.map(renamed).filter((name): name is string => name !== null);
  const only: Record<string, string[]> = {};
  for (const [of, names] of Object.entries(state.only)) {
    const name = renamed(of);
    if (name !== null) only[name] = names;
  }
  return { expressions: expressions.length === 0 ? [""] : expressions, off, only };
}
