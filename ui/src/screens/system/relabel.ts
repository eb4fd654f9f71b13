/** What relabelling rules make of a target's labels, step by step. */

import type { Labels, RelabelStep } from "./types";

/** One label as a step left it. */
export interface LabelChange {
  name: string;
  /** What became of it in this step. */
  kind: "added" | "changed" | "removed";
  before?: string;
  after?: string;
}

/** A step as it is shown. */
export interface Step {
  /** Counts from 1, as rules stand in the file. */
  number: number;
  /** The rule in words. */
  text: string;
  changes: LabelChange[];
  /** Whether the target is still there. */
  isKept: boolean;
  /** Whether it was dropped by an earlier rule, so that this one was not applied. */
  isSkipped: boolean;
}

/** Returns what changed between two label sets, by name. */
export function changes(before: Labels, after: Labels): LabelChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  return names.flatMap((name): LabelChange[] => {
    const [old, now] = [own(before, name), own(after, name)];
    if (old === now) return [];
    if (old === undefined) return [{ name, kind: "added", after: now }];
    if (now === undefined) return [{ name, kind: "removed", before: old }];
    return [{ name, kind: "changed", before: old, after: now }];
  });
}

/** Labels are called as strangers like, `constructor` as well. */
function own(labels: Labels, name: string): string | undefined {
  return Object.hasOwn(labels, name) ? labels[name] : undefined;
}

/** Puts what the server says of each rule into steps; begins with `labels`. */
export function steps(labels: Labels, said: RelabelStep[]): Step[] {
  let before = labels;
  let isGone = false;
  return said.map((step, index) => {
    const isSkipped = isGone;
    // A dropped target has no labels: that is not a removal of each of them.
    const changed = step.keep ? changes(before, step.output) : [];
    if (step.keep) before = step.output;
    isGone ||= !step.keep;
    return { number: index + 1, text: ruleText(step.rule), changes: changed, isKept: step.keep, isSkipped };
  });
}

/** Says what a rule does. */
export function ruleText(rule: RelabelStep["rule"]): string {
  const sources = sourceText(rule);
  const regex = rule.regex ?? "(.*)";
  const target = rule.target_label ?? "";
  switch (rule.action) {
    case "replace":
      return replaceText(rule, sources, regex);
    case "keep":
      return `keep it only when ${sources} matches /${regex}/`;
    case "drop":
      return `drop it when ${sources} matches /${regex}/`;
    case "keepequal":
      return `keep it only when ${sources} equals ${target}`;
    case "dropequal":
      return `drop it when ${sources} equals ${target}`;
    case "hashmod":
      return `set ${target} to the hash of ${sources} modulo ${rule.modulus ?? 0}`;
    case "labelmap":
      return `copy labels that match /${regex}/ to ${JSON.stringify(rule.replacement ?? "$1")}`;
    case "labeldrop":
      return `remove labels that match /${regex}/`;
    case "labelkeep":
      return `remove labels that do not match /${regex}/`;
    case "lowercase":
    case "uppercase":
      return `set ${target} to ${sources} in ${rule.action === "lowercase" ? "lower" : "upper"} case`;
    default:
      return `${rule.action} ${sources} ${target}`.trim();
  }
}

function replaceText(rule: RelabelStep["rule"], sources: string, regex: string): string {
  const target = rule.target_label ?? "";
  const replacement = JSON.stringify(rule.replacement ?? "$1");
  const isAll = regex === "(.*)" || regex === ".*";
  if (isAll && rule.replacement === "$1") return `set ${target} to ${sources}`;
  if ((rule.source_labels ?? []).length === 0) return `set ${target} to ${replacement}`;
  return `set ${target} to ${replacement} when ${sources} matches /${regex}/`;
}

function sourceText(rule: RelabelStep["rule"]): string {
  const names = rule.source_labels ?? [];
  if (names.length === 0) return "nothing";
  return names.length === 1 ? (names[0] ?? "") : names.join(` ${rule.separator ?? ";"} `);
}
