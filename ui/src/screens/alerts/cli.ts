// Commands that do in a terminal what a screen shows.

import { shellWord } from "../../components/evidence";
import { formatMatcher, fromLabels, type Matcher } from "../silences/matchers";
import type { LabelSet } from "./types";

export function command(...words: string[]): string {
  return ["plimsoll", ...words].map(shellWord).join(" ");
}

/** `plimsoll alert explain` for a routed alert by its number, and for another one by all of its labels. */
export function explainCommand(id: string, labels: LabelSet, isRouted: boolean): string {
  if (isRouted) return command("alert", "explain", id);
  return command("alert", "explain", ...fromLabels(labels).map(formatMatcher));
}

export function listCommand(matchers: Matcher[]): string {
  return command("alert", "list", ...matchers.map(formatMatcher));
}
