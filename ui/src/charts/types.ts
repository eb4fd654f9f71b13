// What charts are given.

import { differingLabels, type Labels, legend, type Point, type Series } from "../api/promql";

export interface NamedSeries {
  name: string;
  /** Milliseconds since 1970 and the value. */
  points: readonly Point[];
  /** For what did not happen now: last week, a forecast, an objective. */
  dashed?: boolean;
  /** One of the eight colours (1 to 8), so that the same thing has the same colour in all charts of a screen. */
  color?: number;
  labels?: Labels;
}

export type ChartSeries = Series | NamedSeries;

/** A horizontal line: a threshold, an objective. */
export interface ChartLine {
  at: number;
  text: string;
  /** `critical` (by itself), `warning`, `ok` or `info`. */
  kind?: string;
}

/** A moment: a deploy, an alert that began, a changed definition. */
export interface ChartMark {
  /** Milliseconds since 1970. */
  at: number;
  text: string;
  /** `critical`, `alert` and `warning` have their colours; anything else is calm. */
  kind?: string;
  /** Where it leads. */
  to?: string;
}

/** The series with names: of those without one the labels that tell them apart. */
export function named(all: readonly ChartSeries[]): NamedSeries[] {
  const differing = differingLabels(all.map((series) => series.labels ?? {}));
  const single = all.length === 1;
  return all.map((series) =>
    "name" in series ? series : { ...series, name: legend(series.labels, single ? undefined : differing) },
  );
}
