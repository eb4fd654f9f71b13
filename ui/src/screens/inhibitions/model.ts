// Inhibition as `GET /api/v1/alerting/inhibitions` tells it, and by whom it is read: who keeps whom back.

import type { InhibitionAlert, InhibitionPair, InhibitionRule } from "../../api/types";

export type { InhibitionAlert, InhibitionPair, InhibitionRule, Inhibitions } from "../../api/types";

/** What one alert keeps back by one rule. */
export interface PairGroup {
  rule: number;
  source: InhibitionAlert;
  targets: InhibitionAlert[];
}

/** Puts the targets of a source together, the source with the most of them first. */
export function groupPairs(pairs: InhibitionPair[]): PairGroup[] {
  const groups = new Map<string, PairGroup>();
  for (const { rule, source, target } of pairs) {
    const key = `${rule} ${source.fingerprint}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { rule, source, targets: [target] });
    else known.targets.push(target);
  }
  return [...groups.values()].sort((a, b) => a.rule - b.rule || b.targets.length - a.targets.length);
}

/** Whether a pair is wanted: of a rule, or with an alert on either side; empty texts want all. */
export function isShown(pair: InhibitionPair, filter: { rule: string; alert: string }): boolean {
  const { rule, alert } = filter;
  const isSide = [pair.source.fingerprint, pair.target.fingerprint].includes(alert);
  return (rule === "" || String(pair.rule) === rule) && (alert === "" || isSide);
}

/** What a rule does now, in a word. */
export function doing(rule: InhibitionRule): "keeps back" | "ready" | "idle" {
  if (rule.inhibited > 0) return "keeps back";
  return rule.sources > 0 ? "ready" : "idle";
}
