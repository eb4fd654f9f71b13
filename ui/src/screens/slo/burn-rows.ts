// What each burn rule sees, as rows of a table: both windows, the factor, and whether it holds or what it lacks.

import { number } from "../../format";
import { burnText, secondsOf } from "./budget";
import type { BudgetExplained, Rule, RuleExplained, Severity, Verdict } from "./types";

export interface BurnRow {
  id: string;
  severity: Severity;
  factor: string;
  long: BurnCell;
  short: BurnCell | null;
  holds: boolean;
  /** Short, such as `burns, but not any more`. */
  lacks: string;
  /** The server's sentence. */
  text: string;
  /** What it asks for besides. */
  conditions: string[];
  /** How near it is, 0 to 1: both windows count, because both must burn. */
  nearness: number;
}

export interface BurnCell {
  window: string;
  burn: string;
  /** Of the factor; null when nothing was measured. */
  share: number | null;
}

const LACKS: Record<Verdict, string> = {
  holds: "holds",
  no_data: "nothing was measured",
  long_below: "the long window burns too slowly",
  short_below: "the short window burns too slowly",
  over: "it is over",
  not_sustained: "not in enough parts of the window",
  thin_evidence: "too few to tell from chance",
};

/** Pages first, then the shortest window, as one reads them: what can ring soonest stands on top. */
export function burnRows(budget: Pick<BudgetExplained, "rules">): BurnRow[] {
  const rows = budget.rules.map((one, index) => ({ one, index }));
  rows.sort(
    (a, b) =>
      a.one.rule.severity.localeCompare(b.one.rule.severity) ||
      (secondsOf(a.one.rule.long) ?? 0) - (secondsOf(b.one.rule.long) ?? 0) ||
      a.index - b.index,
  );
  return rows.map(({ one, index }) => rowOf(one, index));
}

function rowOf(one: RuleExplained, index: number): BurnRow {
  const { rule } = one;
  const cell = (window: string, burn: number | null): BurnCell => ({
    window,
    burn: burnText(burn),
    share: burn === null ? null : burn / rule.factor,
  });
  const long = cell(rule.long, one.longBurn);
  const short = rule.short === null ? null : cell(rule.short, one.shortBurn);
  const shares = [long, ...(short === null ? [] : [short])].map((one) => one.share ?? 0);
  return {
    id: `${index}`,
    severity: rule.severity,
    factor: `${number(rule.factor)}x`,
    long,
    short,
    holds: one.holds,
    lacks: LACKS[one.verdict] ?? one.verdict.replaceAll("_", " "),
    text: one.text,
    conditions: conditionsOf(rule),
    nearness: Math.max(0, Math.min(1, ...shares)),
  };
}

/** What a rule asks for besides its windows. */
export function conditionsOf(rule: Rule): string[] {
  const conditions: string[] = [];
  if (rule.of === "budget") conditions.push("against an even share of the whole budget");
  if (rule.sustained > 0) conditions.push(`in ${number(rule.sustained * 100)} % of the long window's parts`);
  if ((secondsOf(rule.for) ?? 0) > 0) conditions.push(`for ${rule.for}`);
  return conditions;
}
