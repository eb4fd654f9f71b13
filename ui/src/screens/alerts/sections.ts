// What the list shows: rows that a filter leaves, in sections.

import { formatMatcher, type Matcher, matcher, matchesAll, parseMatchers } from "../silences/matchers";
import type { AlertRow, Standing } from "./model";
import { byImportance } from "./model";
import type { AlertGroup, LabelSet } from "./types";

export type Grouping = "group" | "rule" | "flat";

export interface Filter {
  matchers: Matcher[];
  /** Which standings are wanted; all when empty. */
  standings: Standing[];
  /** Alerts that go to this receiver; all when empty. */
  receiver: string;
}

export interface Section {
  id: string;
  /** What the section is named by: a receiver, a rule, or nothing in a flat list. */
  title: string;
  labels: LabelSet;
  detail?: string;
  to?: string;
  rows: AlertRow[];
}

/** Reads what somebody typed into the filter box. A word alone is looked for in the names of alerts. */
export function readFilter(text: string): Matcher[] {
  const word = text.trim();
  const isWord = /^[\w.:-]+$/.test(word);
  if (isWord) return [matcher("alertname", "=~", `(?i).*${word.replace(/[.-]/g, "\\$&")}.*`)];
  return parseMatchers(word);
}

export function passes(row: AlertRow, filter: Filter): boolean {
  const { matchers, standings, receiver } = filter;
  return (
    (standings.length === 0 || standings.includes(row.standing)) &&
    (receiver === "" || receiversOf(row).includes(receiver)) &&
    matchesAll(matchers, row.labels)
  );
}

export function receiversOf(row: AlertRow): string[] {
  return row.routed?.receivers.map((receiver) => receiver.name) ?? [];
}

/** Puts rows into sections; no section is empty. */
export function sections(rows: AlertRow[], groups: AlertGroup[] | null, by: Grouping): Section[] {
  if (by === "rule") return byRule(rows);
  if (by === "group" && groups !== null) return byGroup(rows, groups);
  return rows.length === 0 ? [] : [{ id: "all", title: "", labels: {}, rows: [...rows].sort(byImportance) }];
}

function byGroup(rows: AlertRow[], groups: AlertGroup[]): Section[] {
  const known = new Map(rows.map((row) => [row.id, row]));
  const grouped = new Set<string>();
  const all = groups.map((group, index): Section => {
    const found = group.alerts.flatMap((alert) => known.get(alert.fingerprint) ?? []);
    for (const row of found) grouped.add(row.id);
    // Two routes can tell the same receiver of groups with the same labels: only the place tells them apart.
    return {
      id: `group ${index}`,
      title: group.receiver.name,
      labels: group.labels,
      to: `/routes?receiver=${encodeURIComponent(group.receiver.name)}`,
      rows: found.sort(byImportance),
    };
  });
  const merged = mergeSingles(all);
  const rest = rows.filter((row) => !grouped.has(row.id)).sort(byImportance);
  const detail = "pending, or not taken up by a route yet";
  merged.push({ id: "unrouted", title: "nobody yet", detail, labels: {}, rows: rest });
  return merged.filter((section) => section.rows.length > 0).sort(byWorst);
}

/** Groups of one alert stand together by receiver: a head for each would fill half of the page. */
function mergeSingles(all: Section[]): Section[] {
  const singles = new Map<string, Section[]>();
  for (const section of all) {
    if (section.rows.length === 1) singles.set(section.title, [...(singles.get(section.title) ?? []), section]);
  }
  const others = all.filter((section) => section.rows.length > 1);
  for (const [title, sections] of singles) {
    const [first] = sections;
    if (first === undefined) continue;
    if (sections.length === 1) {
      others.push(first);
      continue;
    }
    const rows = sections.flatMap((section) => section.rows).sort(byImportance);
    const detail = `${sections.length} groups of one alert`;
    others.push({ ...first, id: `singles ${title}`, labels: {}, detail, rows });
  }
  return others;
}

/** Labels that tell rows apart first, severity before all, and at the end what nearly all rows have in common. */
export function labelOrder(rows: AlertRow[]): (a: string, b: string) => number {
  const counts = new Map<string, Map<string, number>>();
  for (const { labels } of rows) {
    for (const [name, value] of Object.entries(labels)) {
      const values = counts.get(name) ?? new Map<string, number>();
      counts.set(name, values.set(value, (values.get(value) ?? 0) + 1));
    }
  }
  const isCommon = (name: string) => Math.max(0, ...(counts.get(name)?.values() ?? [])) > COMMON * rows.length;
  const rank = new Map([...counts.keys()].map((name) => [name, isCommon(name) && rows.length > 1 ? 2 : 1]));
  rank.set("severity", 0);
  return (a, b) => (rank.get(a) ?? 1) - (rank.get(b) ?? 1) || a.localeCompare(b);
}

/** The share of rows from which on a label says little about one of them. */
const COMMON = 0.8;

function byRule(rows: AlertRow[]): Section[] {
  const all = new Map<string, Section>();
  for (const row of rows) {
    const section = sectionOfRule(row);
    const known = all.get(section.id);
    if (known === undefined) {
      all.set(section.id, section);
      continue;
    }
    known.rows.push(row);
    // Several rules of one name in a group: the same alert with other thresholds, mostly.
    if (known.detail !== section.detail) known.detail = "several rules";
  }
  for (const section of all.values()) section.rows.sort(byImportance);
  return [...all.values()].sort(byWorst);
}

function sectionOfRule(row: AlertRow): Section {
  const { origin } = row;
  if (origin === undefined) {
    const isObjective = row.labels.slo !== undefined && row.labels.service !== undefined;
    const detail = isObjective ? "made by an SLO, or posted" : "posted, no rule of this process";
    return { id: `name ${row.name}`, title: row.name, detail, labels: {}, rows: [row] };
  }
  const { file, group, rule } = origin;
  return {
    id: `rule ${JSON.stringify([file, group, rule.name])}`,
    title: rule.name,
    detail: rule.query,
    labels: {},
    to: rulePath(file, group, rule.name),
    rows: [row],
  };
}

/** Where the Rules screen shows a rule. */
export function rulePath(file: string, group: string, name: string): string {
  return `/rules?${new URLSearchParams({ file, group, rule: name })}`;
}

function byWorst(a: Section, b: Section): number {
  const [first, second] = [a.rows[0], b.rows[0]];
  if (first === undefined || second === undefined) return 0;
  return byImportance(first, second) || a.id.localeCompare(b.id);
}

/** How many rows have which standing. */
export function counts(rows: AlertRow[]): Record<Standing, number> {
  const all: Record<Standing, number> = { firing: 0, pending: 0, silenced: 0, inhibited: 0, muted: 0 };
  for (const row of rows) all[row.standing] += 1;
  return all;
}

/** Names of labels with few values each, the most common first: what is worth a chip. */
export function suggestions(rows: AlertRow[], filter: Matcher[], max = 8): { matcher: Matcher; count: number }[] {
  const found = new Map<string, { matcher: Matcher; count: number }>();
  const isUsed = new Set(filter.map((one) => one.name));
  for (const row of rows) {
    for (const name of ["severity", "service", "team", "alertname", "job", "cluster"]) {
      const value = row.labels[name];
      if (value === undefined || isUsed.has(name)) continue;
      const one = matcher(name, "=", value);
      const known = found.get(formatMatcher(one));
      if (known === undefined) found.set(formatMatcher(one), { matcher: one, count: 1 });
      else known.count += 1;
    }
  }
  const useful = [...found.values()].filter(({ count }) => count < rows.length);
  return useful.sort((a, b) => b.count - a.count).slice(0, max);
}
