// One query to the server with everything it says beside the result: warnings, what it cost, and the plan.

import { ApiError } from "../../api/client";
import { aligned, type Series } from "../../api/promql";
import { readAnswer } from "./read-answer";

/** More series are cut by the server, which says so in a warning. */
export const SERIES_MAX = 10_000;

export interface Question {
  expression: string;
  /** Milliseconds; both ends the same for a moment. */
  from: number;
  to: number;
  /** Seconds; null for a single moment, at `to`. */
  step: number | null;
  /** Asks for the plan with what every operator cost. */
  wantsPlan?: boolean;
}

export interface Statistics {
  timings?: { evalTotalTime?: number; execQueueTime?: number; execTotalTime?: number; queryPreparationTime?: number };
  samples?: { totalQueryableSamples?: number; samplesRead?: number; peakSamples?: number; peakBytes?: number };
}

/** A node of the plan as the server tells it. Costs are the node's own, without its children. */
export interface PlanNode {
  operator: string;
  /** `line:column`, both from 1. */
  position?: string;
  notes?: string[];
  steps: number;
  series?: number;
  samples?: number;
  seconds?: number;
  peakBytes?: number;
  seriesRead?: number;
  samplesRead?: number;
  blocksRead?: number;
  blocksSkipped?: number;
  children?: PlanNode[];
}

export interface Answer {
  question: Question;
  kind: "matrix" | "vector" | "scalar" | "string";
  series: Series[];
  /** The value of a string expression, which has no curve. */
  text: string | null;
  warnings: string[];
  infos: string[];
  stats: Statistics | null;
  plan: PlanNode | null;
  /** Milliseconds from asking until everything was read here. */
  took: number;
}

/** An answer as it comes. */
export interface Body {
  status?: string;
  error?: string;
  caret?: string;
  warnings?: string[];
  infos?: string[];
  data?: { resultType: Answer["kind"]; result: unknown; stats?: Statistics; explain?: PlanNode };
}

export async function ask(question: Question, signal?: AbortSignal): Promise<Answer> {
  const begun = performance.now();
  const response = await sent(question, signal);
  const text = await response.text();
  const { body, series } = await readAnswer(text, signal);
  if (!response.ok || body?.data === undefined) throw refusal(response.status, body, text);
  const { resultType: kind, result, stats, explain } = body.data;
  return {
    question,
    kind,
    series,
    text: kind === "string" ? String((result as [number, string])[1]) : null,
    warnings: body.warnings ?? [],
    infos: body.infos ?? [],
    stats: stats ?? null,
    plan: explain ?? null,
    took: performance.now() - begun,
  };
}

async function sent(question: Question, signal?: AbortSignal): Promise<Response> {
  const { path, form } = requestOf(question);
  try {
    return await fetch(path, { method: "POST", body: form, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "the server cannot be reached");
  }
}

export function requestOf({ expression, from, to, step, wantsPlan }: Question): {
  path: string;
  form: URLSearchParams;
} {
  const form = new URLSearchParams({ query: expression, stats: "true", caret: "true", limit: String(SERIES_MAX) });
  if (wantsPlan === true) form.set("explain", "true");
  if (step === null) {
    form.set("time", String(to / 1000));
    return { path: "/api/v1/query", form };
  }
  const { start, end } = aligned({ from, to, step });
  form.set("start", String(start));
  form.set("end", String(end));
  form.set("step", String(step));
  return { path: "/api/v1/query_range", form };
}

function refusal(status: number, body: Body | null, text: string): ApiError {
  const plain = text.startsWith("<") || text.trim() === "" ? null : text.trim().slice(0, 2000);
  const message = body?.error ?? plain ?? `the server answered with status ${status}`;
  const said = message.replace(/^invalid parameter "query": /, "");
  return new ApiError(status, said, { caret: body?.caret, hint: adviceFor(said) });
}

/** What to change about a query that was refused; undefined leaves it to the status. */
export function adviceFor(message: string): string | undefined {
  if (/timed out|deadline/i.test(message)) {
    return "Ask for less: a shorter time range, a larger step, or a selector with more labels. The plan (explain) shows what is slow.";
  }
  if (/maximum resolution/i.test(message)) return "Choose a larger step, or a shorter time range.";
  if (/too many samples|memory|limit of|exceeds|too many series/i.test(message)) {
    return "Narrow the selector, aggregate earlier, or shorten the time range.";
  }
  if (/many-to-many|matching labels must be unique|duplicate series|multiple matches/i.test(message)) {
    return "Name the labels that both sides share with on(..) or ignoring(..), or let one side have many with group_left(..).";
  }
  return undefined;
}
