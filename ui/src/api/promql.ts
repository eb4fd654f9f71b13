// Answers of the query API. Values are texts there, because JSON has no NaN and no infinity.

import { get } from "./client";

export type Labels = Record<string, string>;

/** Milliseconds since 1970, and the value. */
export type Point = [number, number];

/** A native histogram as the API writes it: buckets are [how the bounds count, from, to, count]. */
export interface HistogramValue {
  count: number;
  sum: number;
  /** `inclusive`: 0 is (from, to], 1 is [from, to), 2 is (from, to), 3 is [from, to]. */
  buckets: { inclusive: number; from: number; to: number; count: number }[];
}

export interface Series {
  labels: Labels;
  points: Point[];
  histograms?: [number, HistogramValue][];
}

export interface RangeOptions {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  /** Seconds. */
  step: number;
}

interface Answer {
  resultType: "matrix" | "vector" | "scalar" | "string";
  result: unknown;
}

/** The value of an expression at a moment (milliseconds; now). Each series has one point. */
export async function instant(query: string, at?: number, signal?: AbortSignal): Promise<Series[]> {
  return seriesOf(
    await get<Answer>("/api/v1/query", { query, time: at === undefined ? undefined : at / 1000 }, signal),
  );
}

/** The values of an expression over a range. Its ends are multiples of the step, so that points stay where they are. */
export async function range(query: string, options: RangeOptions, signal?: AbortSignal): Promise<Series[]> {
  const { start, end, step } = aligned(options);
  return seriesOf(await get<Answer>("/api/v1/query_range", { query, start, end, step }, signal));
}

/** Seconds, both ends multiples of the step. */
export function aligned({ from, to, step }: RangeOptions): { start: number; end: number; step: number } {
  return { start: Math.floor(from / 1000 / step) * step, end: Math.floor(to / 1000 / step) * step, step };
}

/** The single number of an answer, as tiles want it; null when there is none. */
export function single(series: Series[] | undefined): number | null {
  const value = series?.[0]?.points.at(-1)?.[1];
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** Reads `NaN`, `+Inf`, `-Inf` and numbers. */
export function parseValue(text: unknown): number {
  if (typeof text === "number") return text;
  if (text === "+Inf" || text === "Inf") return Number.POSITIVE_INFINITY;
  if (text === "-Inf") return Number.NEGATIVE_INFINITY;
  return typeof text === "string" && text !== "" ? Number(text) : Number.NaN;
}

export function seriesOf(answer: Answer): Series[] {
  if (answer.resultType === "scalar") {
    return [{ labels: {}, points: [pointOf(answer.result as RawPoint)] }];
  }
  // A text has no curve.
  if (answer.resultType === "string") return [];
  return (answer.result as RawSeries[]).map(oneSeries);
}

type RawPoint = [number, string];
type RawHistogram = { count: string; sum: string; buckets?: [number, string, string, string][] };

interface RawSeries {
  metric: Labels;
  value?: RawPoint;
  values?: RawPoint[];
  histogram?: [number, RawHistogram];
  histograms?: [number, RawHistogram][];
}

function oneSeries(raw: RawSeries): Series {
  const values = raw.values ?? (raw.value === undefined ? [] : [raw.value]);
  const histograms = raw.histograms ?? (raw.histogram === undefined ? [] : [raw.histogram]);
  const series: Series = { labels: raw.metric, points: values.map(pointOf) };
  if (histograms.length > 0) {
    series.histograms = histograms.map(([at, histogram]) => [at * 1000, histogramOf(histogram)]);
  }
  return series;
}

function pointOf([at, text]: RawPoint): Point {
  return [at * 1000, parseValue(text)];
}

function histogramOf(raw: RawHistogram): HistogramValue {
  return {
    count: parseValue(raw.count),
    sum: parseValue(raw.sum),
    buckets: (raw.buckets ?? []).map(([inclusive, from, to, count]) => ({
      inclusive,
      from: parseValue(from),
      to: parseValue(to),
      count: parseValue(count),
    })),
  };
}

/** A name for a series: `metric{label="value"}`. With `differing` only those labels, which tell it from the others. */
export function legend(labels: Labels, differing?: readonly string[]): string {
  const { __name__: name = "", ...rest } = labels;
  const shown = Object.entries(rest).filter(([label]) => differing === undefined || differing.includes(label));
  if (differing !== undefined) {
    const metric = differing.includes("__name__") ? name : "";
    if (shown.length === 0) return metric || name || "value";
    if (shown.length === 1 && metric === "") return shown[0]?.[1] ?? "";
    return metric + braces(shown);
  }
  return shown.length === 0 ? name || "{}" : name + braces(shown);
}

function braces(pairs: [string, string][]): string {
  return `{${pairs.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(", ")}}`;
}

/** The labels whose values are not the same in all series. */
export function differingLabels(all: readonly Labels[]): string[] {
  const [first, ...others] = all;
  if (first === undefined) return [];
  const names = new Set(all.flatMap((labels) => Object.keys(labels)));
  return [...names].filter((name) => others.some((labels) => labels[name] !== first[name])).sort();
}
