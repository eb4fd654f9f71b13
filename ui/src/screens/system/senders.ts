/** Alertmanagers with how sending to them goes. */

import type { Series } from "../../api/promql";
import type { Alertmanagers } from "./types";

export interface Sender {
  url: string;
  status: { kind: "ok" | "warning" | "critical" | "unknown" | "muted"; word: string };
  /** Per second. */
  sent: number | null;
  /** Per second. */
  errors: number | null;
  /** In the last hour. */
  dropped: number | null;
  queued: number | null;
}

/** Answers by the label `alertmanager`; absent while they are not known. */
export interface Figures {
  sent: Series[];
  errors: Series[];
  dropped: Series[];
  queued: Series[];
}

/** Puts addresses and numbers together; those that lose alerts come first. */
export function senders(known: Alertmanagers, figures: Figures | undefined): Sender[] {
  const of = (series: Series[] | undefined, url: string) => {
    const value = series?.find((one) => one.labels.alertmanager === url)?.points.at(-1)?.[1];
    return value === undefined || Number.isNaN(value) ? null : value;
  };
  const active = known.activeAlertmanagers.map(({ url }): Sender => {
    const [sent, errors] = [of(figures?.sent, url), of(figures?.errors, url)];
    const [dropped, queued] = [of(figures?.dropped, url), of(figures?.queued, url)];
    return { url, sent, errors, dropped, queued, status: statusOf(sent, errors, dropped) };
  });
  const unused = known.droppedAlertmanagers.map(({ url }): Sender => {
    const status = { kind: "muted", word: "dropped by relabelling" } as const;
    return { url, status, sent: null, errors: null, dropped: null, queued: null };
  });
  return [...active.sort((a, b) => RANK[a.status.kind] - RANK[b.status.kind]), ...unused];
}

const RANK: Record<Sender["status"]["kind"], number> = { critical: 0, warning: 1, unknown: 2, ok: 3, muted: 4 };

function statusOf(sent: number | null, errors: number | null, dropped: number | null): Sender["status"] {
  if (dropped !== null && dropped >= 0.5) return { kind: "critical", word: "loses alerts" };
  if (errors !== null && errors > 0) return { kind: "warning", word: "attempts fail" };
  if (sent === null) return { kind: "unknown", word: "no data" };
  return sent > 0 ? { kind: "ok", word: "takes alerts" } : { kind: "ok", word: "nothing to send" };
}
