// What fires and that nothing keeps back, from whoever routes alerts here, or else from the rules.

import { get } from "../../api/client";
import type { Alert } from "../../api/types";
import type { StatusKind } from "../slo/states";
import { serverHas } from "./has";

export interface Firing {
  /** The fingerprint where alerts are routed, else empty. */
  id: string;
  name: string;
  labels: Record<string, string>;
  since: string;
  summary: string;
  /** What to do about it; an address from anywhere. */
  runbook?: string | undefined;
}

interface OfRule {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  state: string;
  activeAt: string;
}

/** Pages first, then what began last. */
export async function loadFiring(signal: AbortSignal): Promise<Firing[]> {
  if (await serverHas("alerting", signal)) {
    const routed = await get<Alert[]>("/api/v2/alerts", { silenced: false, inhibited: false }, signal);
    return routed
      .filter((alert) => alert.status.mutedBy.length === 0)
      .map(ofRouted)
      .sort(byLoudness);
  }
  // No alerts are routed here; the rules still say what fires.
  const answer = await get<{ alerts: OfRule[] }>("/api/v1/alerts", undefined, signal);
  return answer.alerts
    .filter((alert) => alert.state === "firing")
    .map(ofRule)
    .sort(byLoudness);
}

function ofRouted(alert: Alert): Firing {
  return { ...shared(alert), id: alert.fingerprint, since: alert.startsAt };
}

function ofRule(alert: OfRule): Firing {
  return { ...shared(alert), id: "", since: alert.activeAt };
}

function shared({ labels, annotations }: Pick<OfRule, "labels" | "annotations">) {
  return {
    labels,
    name: labels.alertname ?? "(no name)",
    summary: annotations.summary ?? annotations.description ?? annotations.message ?? "",
    runbook: annotations.runbook_url ?? annotations.runbook,
  };
}

const LOUDNESS: { words: string[]; kind: StatusKind; word: string }[] = [
  { words: ["page", "critical", "p1"], kind: "critical", word: "page" },
  { words: ["ticket", "warning", "error", "high", "p2"], kind: "warning", word: "ticket" },
];

/** How loud an alert is, in the words of burn rules. */
export function loudnessOf({ labels }: Pick<Firing, "labels">): { kind: StatusKind; word: string } {
  const severity = (labels.severity ?? "").toLowerCase();
  const found = LOUDNESS.find((one) => one.words.includes(severity));
  if (found !== undefined) return { kind: found.kind, word: found.word };
  return { kind: "info", word: severity === "" ? "alert" : severity };
}

export function isPage(alert: Pick<Firing, "labels">): boolean {
  return loudnessOf(alert).word === "page";
}

const ORDER: StatusKind[] = ["critical", "warning", "info"];

export function byLoudness(a: Firing, b: Firing): number {
  return (
    ORDER.indexOf(loudnessOf(a).kind) - ORDER.indexOf(loudnessOf(b).kind) ||
    Date.parse(b.since) - Date.parse(a.since) ||
    (a.name < b.name ? -1 : 1)
  );
}

/** As the server counts them: by the label `service`, else by `job`. */
export function alertsOfService(all: readonly Firing[], service: string): Firing[] {
  return all.filter((alert) => (alert.labels.service ?? alert.labels.job) === service);
}

/** Where one is explained. */
export function alertPath(alert: Pick<Firing, "id">): string {
  return alert.id === "" ? "/alerts" : `/alerts?alert=${encodeURIComponent(alert.id)}`;
}
