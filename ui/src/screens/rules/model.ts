// Which rules are wanted, which of them are in trouble, and where each was written.

import type { AlertingRule, Rule, RuleGroup } from "../alerts/types";

/** What a file in force defines, as `GET /api/v1/status/files` says it. */
export interface RuleFile {
  path: string;
  role: string;
  objects: { kind: string; name: string; line: number }[];
}

/** How a rule does, the worst first. */
export type Doing = "failing" | "firing" | "pending" | "unknown" | "inactive" | "recording";
export const DOINGS: Doing[] = ["failing", "firing", "pending", "unknown", "inactive", "recording"];

export interface RuleRow {
  id: string;
  rule: Rule;
  doing: Doing;
  /** The line in its file; undefined when nobody says. */
  line?: number;
}

export interface GroupRow {
  id: string;
  group: RuleGroup;
  rows: RuleRow[];
  /** Whether its evaluation takes longer than there is time for it. */
  isSlow: boolean;
  /** Slots that were left out; null when nobody knows. */
  missed: number | null;
}

export interface RuleFilter {
  doing: Doing[];
  file: string;
  group: string;
  rule: string;
  /** Found in names, expressions, labels and annotations. */
  text: string;
}

/** Makes rows, problems first. `missed` is by `file;group`. */
export function groupRows(groups: RuleGroup[], files: RuleFile[], missed: Map<string, number> | null): GroupRow[] {
  const lines = new Lines(files);
  const rows = groups.map((group): GroupRow => {
    const id = `${group.file};${group.name}`;
    return {
      id,
      group,
      rows: group.rules
        .map((rule, index) => {
          const line = lines.of(group, rule, index);
          return { id: `${id};${index}`, rule, doing: doing(rule), ...(line === undefined ? {} : { line }) };
        })
        .sort((a, b) => Number(b.doing === "failing") - Number(a.doing === "failing")),
      isSlow: group.evaluationTime > group.interval,
      missed: missed === null ? null : (missed.get(id) ?? null),
    };
  });
  return rows.sort((a, b) => badness(a) - badness(b) || a.id.localeCompare(b.id));
}

export function doing(rule: Rule): Doing {
  if (rule.health === "err") return "failing";
  if (rule.health === "unknown") return "unknown";
  if (rule.type === "recording") return "recording";
  return rule.state === "unknown" ? "unknown" : rule.state;
}

function badness(row: GroupRow): number {
  const has = (wanted: Doing) => row.rows.some((one) => one.doing === wanted);
  if (has("failing")) return 0;
  if (row.isSlow || (row.missed ?? 0) > 0) return 1;
  if (has("firing")) return 2;
  return has("pending") ? 3 : 4;
}

/** Leaves what is wanted, the worst rule of a group first; groups without any are gone. */
export function filtered(groups: GroupRow[], filter: RuleFilter): GroupRow[] {
  const { file, group: name } = filter;
  const wanted = groups.filter(
    ({ group }) => (file === "" || group.file === file) && (name === "" || group.name === name),
  );
  const left = wanted.map((group) => ({ ...group, rows: group.rows.filter((row) => isWanted(row, group, filter)) }));
  return left.filter((group) => group.rows.length > 0);
}

function isWanted({ rule, doing }: RuleRow, { group }: GroupRow, filter: RuleFilter): boolean {
  if (filter.doing.length > 0 && !filter.doing.includes(doing)) return false;
  if (filter.rule !== "" && rule.name !== filter.rule) return false;
  const words = filter.text
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== "");
  if (words.length === 0) return true;
  const texts = [rule.name, rule.query, rule.lastError ?? "", group.name, group.file, ...pairs(rule.labels)];
  if (rule.type === "alerting") texts.push(...pairs(rule.annotations));
  const all = texts.join("\n").toLowerCase();
  return words.every((word) => all.includes(word));
}

function pairs(labels: Record<string, string> | undefined): string[] {
  return Object.entries(labels ?? {}).map(([name, value]) => `${name}=${value}`);
}

export function counts(groups: GroupRow[]): Record<Doing, number> {
  const all: Record<Doing, number> = { failing: 0, firing: 0, pending: 0, unknown: 0, inactive: 0, recording: 0 };
  for (const group of groups) for (const row of group.rows) all[row.doing] += 1;
  return all;
}

/** Alerts of a rule by state, for a cell: `3 firing, 1 pending`. */
export function alertCounts(rule: AlertingRule): { firing: number; pending: number } {
  const alerts = rule.alerts ?? [];
  const firing = alerts.filter((alert) => alert.state === "firing").length;
  return { firing, pending: alerts.length - firing };
}

/**
 * Lines of rules in their files. A file lists its groups and rules in order, so the rules of a group are those behind
 * its line and before that of the next group, and of several rules with one name the order tells which is which.
 */
class Lines {
  constructor(private readonly files: RuleFile[]) {}

  of(group: RuleGroup, rule: Rule, index: number): number | undefined {
    const objects = this.objects(group);
    const before = group.rules.slice(0, index).filter((other) => other.name === rule.name).length;
    return objects.filter((object) => object.name === rule.name)[before]?.line;
  }

  private objects(group: RuleGroup): RuleFile["objects"] {
    const file = this.files.find((one) => one.path === group.file) ?? this.files.find((one) => isSame(one, group));
    const sorted = [...(file?.objects ?? [])].sort((a, b) => a.line - b.line);
    const isGroup = (object: { kind: string }) => /group/.test(object.kind);
    const begin = sorted.findIndex((object) => isGroup(object) && object.name === group.name);
    if (begin === -1) return sorted.filter((object) => !isGroup(object));
    const rest = sorted.slice(begin + 1);
    const end = rest.findIndex(isGroup);
    return end === -1 ? rest : rest.slice(0, end);
  }
}

/** One may be told relative to the folder of the configuration and the other one from the root. */
function isSame(file: RuleFile, group: RuleGroup): boolean {
  return file.role === "rules" && (file.path.endsWith(`/${group.file}`) || group.file.endsWith(`/${file.path}`));
}

/** Slots that groups left out, counted since the program began; of one group (`file;group`) when it is named. */
export function missedQuery(group?: string): string {
  const of = group === undefined ? "" : `{rule_group=${JSON.stringify(group)}}`;
  return `sum by (rule_group) (prometheus_rule_group_iterations_missed_total${of})`;
}
