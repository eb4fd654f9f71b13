// What a budget comes to: in percent, in events, and as time of a total outage.

import { number, percent } from "../../format";
import { formatDuration, parseDuration } from "../../time";
import type { Budget, BudgetHeading, BudgetWindow, CountedWindow, Definition, Method, OwnDefinition } from "./types";

export function isCounted(window: BudgetWindow): window is CountedWindow {
  return "events" in window;
}

export function isComposite(definition: Definition): boolean {
  return "composite" in definition;
}

export function ownOf(definition: Definition): OwnDefinition | undefined {
  return "composite" in definition ? undefined : definition;
}

/** Seconds of a length as the server writes it; null for none. */
export function secondsOf(length: string | null | undefined): number | null {
  if (length === null || length === undefined) return null;
  const found = parseDuration(length);
  return found === null ? null : found / 1000;
}

/** `99.9` as a share. */
export function targetShare(target: string): number {
  return Number(target) / 100;
}

/** The share of good ones, 0 to 1; null when nothing was counted. */
export function achieved(window: BudgetWindow | null | undefined): number | null {
  if (window === null || window === undefined) return null;
  if (isCounted(window)) return window.compliance;
  return window.badShare === null ? null : 1 - window.badShare;
}

/** Seconds between the begin and the end of the window; of a period of the calendar all of it. */
export function lengthOf(window: Pick<BudgetWindow, "from" | "end">): number {
  return (Date.parse(window.end) - Date.parse(window.from)) / 1000;
}

/** Seconds of a total outage that the budget of the whole window has room for, and what is left of them. */
export function outageTime(heading: Pick<BudgetHeading, "target">, window: BudgetWindow): Left {
  const allowed = (1 - targetShare(heading.target)) * lengthOf(window);
  return { allowed, left: window.remaining === null ? null : allowed * window.remaining };
}

export interface Left {
  allowed: number;
  left: number | null;
}

/** Bad events or slices that are allowed so far, and how many more; null for a composite, which counts none. */
export function eventsLeft(window: BudgetWindow): Left | null {
  if (!isCounted(window)) return null;
  const allowed = Number(window.allowed);
  return { allowed, left: window.valid === 0 ? null : allowed - window.bad };
}

/** The unit of a budget, as a plural. */
export function unitOf(method: Method | undefined): string {
  return method === undefined || method.kind === "occurrences" ? "events" : "slices";
}

/** `21m 30s`; with a sign when more was used than there was. */
export function leftInTime({ left }: Left): string {
  return left === null ? "no data" : formatDuration(Math.abs(left) < 1 ? 0 : Math.round(left));
}

/** The same as a few words. */
export function outageText(of: Left): string {
  if (of.left === null) return "no data";
  return of.left < 0
    ? `${leftInTime({ ...of, left: -of.left })} of a total outage too much`
    : `${leftInTime(of)} of a total outage`;
}

/** `32 of 41 events`; a budget that is overspent says by how many. */
export function leftInEvents(counts: Left, unit: string): string {
  if (counts.left === null) return "no data";
  const whole = (value: number) => (Math.abs(value) < 10 ? number(value, 1) : number(Math.trunc(value)));
  if (counts.left < 0) return `${whole(-counts.left)} ${unit} too many`;
  return `${whole(counts.left)} of ${whole(counts.allowed)} ${unit}`;
}

/** `99.9 %`, with the digits that the file has. */
export function targetText(target: string): string {
  return `${target} %`;
}

/** As many digits as it takes to see on which side of the target it is: two more than the target has. */
export function achievedText(share: number | null, target: string): string {
  const digits = (target.split(".")[1] ?? "").length + 2;
  return percent(share, Math.min(7, digits));
}

/** How a burn rate reads: `0.2x`, `14.4x`. */
export function burnText(burn: number | null | undefined): string {
  if (burn === null || burn === undefined || Number.isNaN(burn)) return "no data";
  if (!Number.isFinite(burn)) return "over all bounds";
  if (burn > 0 && burn < 0.005) return "<0.01x";
  if (burn < 10) return `${number(burn, 2)}x`;
  return `${number(burn, burn < 100 ? 1 : 0)}x`;
}

/** A burn rate above 1 uses the budget up before its window ends. */
export function burnKind(burn: number | null | undefined): "ok" | "warning" | "critical" | "unknown" {
  if (burn === null || burn === undefined || Number.isNaN(burn)) return "unknown";
  if (burn >= 14.4) return "critical";
  return burn > 1 ? "warning" : "ok";
}

/** The projection as a sentence of a few words, and when that is. */
export function projectionText(
  budget: Pick<Budget, "projection" | "state">,
  now: number,
): { text: string; at?: number } {
  if (budget.state === "exhausted") return { text: "used up" };
  const projection = budget.projection;
  if (projection === null) return { text: "not known" };
  const half = secondsOf(projection.exhaustedIn.p50);
  if (half !== null) return { text: `in ${formatDuration(half)}`, at: now + half * 1000 };
  const early = secondsOf(projection.exhaustedIn.p10);
  if (early !== null) return { text: `perhaps in ${formatDuration(early)}`, at: now + early * 1000 };
  return { text: `not within ${projection.lookedAhead}` };
}

/** A budget by its objective and group: the whole, unless a group is asked for. */
export function findBudget<T extends BudgetHeading>(
  all: readonly T[],
  objective: string,
  group: string,
): T | undefined {
  return all.find((one) => one.objective === objective && groupKey(one.group) === group);
}

/** The labels by which metrics name the budget: an empty value asks for series without the label, which is the whole. */
export function metricGroup(
  definition: Definition,
  group: Record<string, string> | null,
): Record<string, string> | null {
  const names = ownOf(definition)?.dimensions?.by ?? [];
  return group ?? Object.fromEntries(names.map((name) => [name, ""]));
}

/** A group as one text for the URL: empty for the whole. */
export function groupKey(group: Record<string, string> | null): string {
  if (group === null) return "";
  const pairs = Object.entries(group).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(pairs);
}

/** A group as it is shown: `region=eu`. */
export function groupText(group: Record<string, string> | null): string {
  if (group === null) return "the whole";
  return Object.entries(group)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

/** The path of an SLO's screen. */
export function sloPath(id: string, objective = ""): string {
  const [service = "", name = ""] = splitId(id);
  const query = objective === "" ? "" : `?objective=${encodeURIComponent(objective)}`;
  return `/slos/${encodeURIComponent(service)}/${encodeURIComponent(name)}${query}`;
}

/** The path of an SLO in the API. */
export function apiPath(id: string, below = ""): string {
  const [service = "", name = ""] = splitId(id);
  return `/api/v1/slos/${encodeURIComponent(service)}/${encodeURIComponent(name)}${below}`;
}

function splitId(id: string): [string, string] {
  const slash = id.indexOf("/");
  return slash === -1 ? [id, ""] : [id.slice(0, slash), id.slice(slash + 1)];
}
