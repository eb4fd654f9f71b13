// Rate, errors, duration and saturation of many services at once: a few large questions in the place of hundreds of small
// ones, because a browser asks six at a time and the server has turns.

import type { Point } from "../../api/promql";
import { type RangeOptions, range, type Series } from "../../api/promql";
import type { Service } from "./types";

export const SIGNALS = ["rate", "errors", "p99", "saturation"] as const;
export type Signal = (typeof SIGNALS)[number];

/** The points of each signal that is there. */
export type Signals = Partial<Record<Signal, Point[]>>;

/** Services that one question is about. */
const BATCH = 20;
/** The label that tells whose a series is: a number, so that no name has to be written into PromQL. */
const ROW = "plimsoll_row";

export function queryOf(service: Service, signal: Signal): string | null {
  return signal === "saturation" ? service.saturation : service.red[signal];
}

/** One question for a signal of several services; null when none of them has it. */
export function unionOf(services: readonly Service[], signal: Signal, first: number): string | null {
  const parts = services.flatMap((service, index) => {
    const query = queryOf(service, signal);
    return query === null ? [] : [`label_replace((${query}), "${ROW}", "${first + index}", "", "")`];
  });
  return parts.length === 0 ? null : parts.join(" or ");
}

/** By the name of the service. */
export async function loadSignals(
  services: readonly Service[],
  options: RangeOptions,
  signal: AbortSignal,
): Promise<Map<string, Signals>> {
  const found = new Map<string, Signals>();
  const questions: Promise<void>[] = [];
  for (let first = 0; first < services.length; first += BATCH) {
    const batch = services.slice(first, first + BATCH);
    for (const kind of SIGNALS) {
      const query = unionOf(batch, kind, first);
      if (query === null) continue;
      questions.push(range(query, options, signal).then((series) => put(found, services, kind, series)));
    }
  }
  await Promise.all(questions);
  return found;
}

function put(found: Map<string, Signals>, services: readonly Service[], kind: Signal, series: readonly Series[]): void {
  for (const { labels, points } of series) {
    const service = services[Number(labels[ROW])];
    if (service === undefined) continue;
    found.set(service.name, { ...found.get(service.name), [kind]: points });
  }
}

/** The last value, when it is of the end of the range: what ended a while ago is not how it is. */
export function lastOf(points: readonly Point[] | undefined, options: RangeOptions): number | null {
  const last = points?.at(-1);
  if (last === undefined || Number.isNaN(last[1])) return null;
  return last[0] < options.to - 2000 * options.step ? null : last[1];
}
