// What is asked of `/plan`, and how what would have been differs from what was.

import { number, percent } from "../../format";
import { formatDuration } from "../../time";
import { secondsOf } from "./budget";
import type { BudgetState, LivedPlan, Plans } from "./types";

/** What the reader turns; a text that is empty leaves what is in force. */
export interface Wish {
  objective: string;
  window: string;
}

/** The question, or undefined when nothing differs from what is in force. */
export function changeOf(wish: Wish, inForce: Wish): string | undefined {
  const change: Record<string, string> = {};
  const objective = wish.objective.trim();
  const window = wish.window.trim();
  if (objective !== "" && Number(objective) !== Number(inForce.objective)) change.objective = objective;
  if (window !== "" && window !== inForce.window) change.window = window;
  return Object.keys(change).length === 0 ? undefined : JSON.stringify(change);
}

/** Parameters of the question. Without `start` the server lives through the last 30 days. */
export function planParams(
  change: string | undefined,
  of: { objective: string; group: Record<string, string> | null },
): Record<string, string | string[] | undefined> {
  return {
    change,
    objective: of.objective === "" ? undefined : of.objective,
    label: Object.entries(of.group ?? {}).map(([name, value]) => `${name}=${value}`),
  };
}

// The slider moves in nines: from 90 over 91 to 99, then over 99.1 to 99.9 and so on, as objectives are written.

const NINES = 4;
const PER_NINE = 9;
export const SLIDER_STEPS = NINES * PER_NINE;

/** An objective of the slider, in percent. */
export function objectiveAt(position: number): string {
  const nine = Math.min(NINES, Math.floor(position / PER_NINE));
  const allowed = 10 - (position - nine * PER_NINE);
  return (100 - allowed / 10 ** nine)
    .toFixed(Math.max(0, nine))
    .replace(/(\.\d*?)0+$/, "$1")
    .replace(/\.$/, "");
}

/** The place that is nearest to an objective, by its logarithm. */
export function sliderOf(objective: string): number {
  const wanted = Math.log10(Math.max(1e-7, 100 - Number(objective)));
  let best = 0;
  for (let position = 1; position <= SLIDER_STEPS; position += 1) {
    if (distance(position, wanted) < distance(best, wanted)) best = position;
  }
  return best;
}

function distance(position: number, wanted: number): number {
  return Math.abs(Math.log10(100 - Number(objectiveAt(position))) - wanted);
}

/** A figure of two plans. */
export interface Compared {
  name: string;
  /** What it means, for who asks. */
  meaning: string;
  before: string;
  after: string;
  /** How the change is to be read by users of the service; `same` when nothing changes. */
  verdict: "better" | "worse" | "same";
}

export function compare(plans: Plans): Compared[] {
  const [before, after = before] = plans.plans;
  if (before === undefined || after === undefined) return [];
  const outages = plans.outages.length;
  const figure = (
    name: string,
    meaning: string,
    text: (plan: LivedPlan) => string,
    value: (plan: LivedPlan) => number | null,
    isMoreBetter: boolean,
  ): Compared => ({
    name,
    meaning,
    before: text(before),
    after: text(after),
    verdict: verdict(value(before), value(after), isMoreBetter),
  });
  return [
    figure(
      "kept",
      "share of the minutes at whose end the promise was kept",
      (p) => percent(p.kept),
      (p) => p.kept,
      true,
    ),
    figure("budget", "what one window may have of a total outage", allowedText, allowedSeconds, true),
    figure(
      "pages",
      "times that somebody would have been paged",
      (p) => count(p.pages),
      (p) => p.pages,
      false,
    ),
    figure(
      "tickets",
      "tickets that would have been opened",
      (p) => count(p.tickets),
      (p) => p.tickets,
      false,
    ),
    figure(
      "outages noticed",
      "of the times in which the promise in force burned",
      (p) => (p.outagesNoticed === null ? "no data" : `${p.outagesNoticed} of ${outages}`),
      (p) => p.outagesNoticed,
      true,
    ),
    figure(
      "time exhausted",
      "how long no budget was left",
      (p) => inState(p, "exhausted").text,
      (p) => inState(p, "exhausted").seconds,
      false,
    ),
  ];
}

function verdict(before: number | null, after: number | null, isMoreBetter: boolean): Compared["verdict"] {
  if (before === null || after === null || before === after) return "same";
  return after > before === isMoreBetter ? "better" : "worse";
}

function count(value: number | null): string {
  return value === null ? "no data" : number(value);
}

/** Seconds of a total outage in a window; null for a period of the calendar, which has no one length. */
function allowedSeconds(plan: LivedPlan): number | null {
  const length = secondsOf(plan.window);
  return length === null ? null : (1 - Number(plan.target) / 100) * length;
}

function allowedText(plan: LivedPlan): string {
  const allowed = allowedSeconds(plan);
  if (allowed !== null) return `${formatDuration(allowed < 10 ? allowed : Math.round(allowed))} of ${plan.window}`;
  return `${percent(1 - Number(plan.target) / 100)} of a ${plan.window}`;
}

function inState(plan: LivedPlan, state: BudgetState): { text: string; seconds: number | null } {
  const seconds = secondsOf(plan.states[state]);
  return { text: formatDuration(seconds), seconds };
}
