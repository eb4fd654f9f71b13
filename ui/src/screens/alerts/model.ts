// One list out of two: the alerts of this process' rules, with value and pending ones, and the alerts that are routed,
// with whom they go to and what keeps them back. Either may be missing.

import { fingerprint } from "./fingerprint";
import type { AlertGroup, AlertingRule, LabelSet, RoutedAlert, RuleAlert, RuleGroup } from "./types";

/** What an alert is, for somebody who asks "is anybody told of it?". */
export type Standing = "firing" | "silenced" | "inhibited" | "muted" | "pending";

/** In the order in which they matter. */
export const STANDINGS: Standing[] = ["firing", "pending", "silenced", "inhibited", "muted"];

export interface RuleOrigin {
  file: string;
  group: string;
  rule: AlertingRule;
}

export interface AlertRow {
  /** The fingerprint: of the routed alert when it is routed, of the rule's labels otherwise. */
  id: string;
  name: string;
  /** With external labels, when it is routed. */
  labels: LabelSet;
  /** As the rule made them: decisions name an alert by these. */
  ownLabels: LabelSet;
  annotations: LabelSet;
  standing: Standing;
  /** Since when its condition holds, or else since when it fires. */
  since: string;
  value?: number;
  activeAt?: string;
  keepFiringSince?: string;
  origin?: RuleOrigin;
  routed?: RoutedAlert;
}

/** Makes one row per alert. `groups` is null where nothing is routed, `rules` where no rules are evaluated. */
export function mergeAlerts(rules: RuleGroup[] | null, groups: AlertGroup[] | null): AlertRow[] {
  const routed = new Map<string, RoutedAlert>();
  for (const group of groups ?? []) {
    for (const alert of group.alerts) routed.set(alert.fingerprint, alert);
  }
  const finder = new Finder([...routed.values()]);
  const rows = new Map<string, AlertRow>();
  for (const group of rules ?? []) {
    for (const rule of group.rules) {
      if (rule.type !== "alerting") continue;
      const origin = { file: group.file, group: group.name, rule };
      for (const alert of rule.alerts ?? []) {
        const found = alert.state === "firing" ? finder.find(alert.labels) : undefined;
        const row = rowOfRule(alert, origin, found);
        rows.set(row.id, row);
      }
    }
  }
  for (const alert of routed.values()) {
    if (!rows.has(alert.fingerprint)) rows.set(alert.fingerprint, rowOfRouted(alert));
  }
  return [...rows.values()].sort(byImportance);
}

function rowOfRule(alert: RuleAlert, origin: RuleOrigin, routed?: RoutedAlert): AlertRow {
  const labels = routed?.labels ?? alert.labels;
  return {
    id: routed?.fingerprint ?? fingerprint(alert.labels),
    name: alert.labels.alertname ?? origin.rule.name,
    labels,
    ownLabels: alert.labels,
    annotations: alert.annotations,
    standing: routed ? standingOf(routed) : alert.state,
    since: alert.state === "firing" && routed ? routed.startsAt : alert.activeAt,
    value: numberOf(alert.value),
    activeAt: alert.activeAt,
    ...(alert.keepFiringSince === undefined ? {} : { keepFiringSince: alert.keepFiringSince }),
    origin,
    ...(routed === undefined ? {} : { routed }),
  };
}

function rowOfRouted(alert: RoutedAlert): AlertRow {
  return {
    id: alert.fingerprint,
    name: alert.labels.alertname ?? "(no name)",
    labels: alert.labels,
    ownLabels: alert.labels,
    annotations: alert.annotations,
    standing: standingOf(alert),
    since: alert.startsAt,
    routed: alert,
  };
}

/** Reads a value as Go writes it: `1.5e+00`, `+Inf`, `NaN`. */
export function numberOf(text: string): number {
  if (/^[+-]?inf$/i.test(text)) return text.startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}

export function standingOf(alert: RoutedAlert): Standing {
  const { silencedBy, inhibitedBy, mutedBy } = alert.status;
  if (silencedBy.length > 0) return "silenced";
  if (inhibitedBy.length > 0) return "inhibited";
  return mutedBy.length > 0 ? "muted" : "firing";
}

/** Pages first, then what else fires, then what is pending or kept back; the newest of each first. */
export function byImportance(a: AlertRow, b: AlertRow): number {
  return (
    STANDINGS.indexOf(a.standing) - STANDINGS.indexOf(b.standing) ||
    severityRank(a.labels) - severityRank(b.labels) ||
    Date.parse(b.since) - Date.parse(a.since) ||
    a.name.localeCompare(b.name) ||
    a.id.localeCompare(b.id)
  );
}

/** 0 for what wakes somebody up, 1 for what can wait, 2 for what is told only, 3 where nobody says. */
export function severityRank(labels: LabelSet): number {
  const severity = (labels.severity ?? "").toLowerCase();
  if (["page", "critical", "p1"].includes(severity)) return 0;
  if (["warning", "error", "high", "ticket", "p2"].includes(severity)) return 1;
  return severity === "" ? 3 : 2;
}

/** Finds the routed alert that a rule's alert became: its labels and, where there are some, external ones. */
class Finder {
  private readonly byNames = new Map<string, Map<string, RoutedAlert>>();
  private readonly byAlert = new Map<string, RoutedAlert[]>();

  constructor(all: RoutedAlert[]) {
    for (const alert of all) {
      const name = alert.labels.alertname ?? "";
      const same = this.byAlert.get(name);
      if (same === undefined) this.byAlert.set(name, [alert]);
      else same.push(alert);
    }
  }

  find(labels: LabelSet): RoutedAlert | undefined {
    const names = Object.keys(labels).sort();
    const signature = JSON.stringify([labels.alertname ?? "", names]);
    let index = this.byNames.get(signature);
    if (index === undefined) {
      index = new Map();
      for (const alert of this.byAlert.get(labels.alertname ?? "") ?? []) {
        const key = keyOf(alert.labels, names);
        const known = index.get(key);
        // Of two that fit, the one with fewer labels of its own is nearer.
        if (known === undefined || size(alert.labels) < size(known.labels)) index.set(key, alert);
      }
      this.byNames.set(signature, index);
    }
    return index.get(keyOf(labels, names));
  }
}

function size(labels: LabelSet): number {
  return Object.keys(labels).length;
}

function keyOf(labels: LabelSet, names: string[]): string {
  return JSON.stringify(names.map((name) => labels[name] ?? null));
}
