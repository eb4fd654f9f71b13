/** What is wrong with the server, in words: shown above everything else. */

import { bytes } from "../../format";
import type { RuntimeInfo, StoreStatus, Target } from "./types";

/** A problem, and the tab that says more. */
export interface Problem {
  kind: "critical" | "warning";
  text: string;
  tab: "targets" | "storage" | "config" | "senders" | "queries";
}

/** What is known of the server; absent where it could not be asked. */
export interface Known {
  targets?: Target[] | undefined;
  store?: StoreStatus | undefined;
  runtime?: RuntimeInfo | undefined;
  /** Alerts that were lost on their way in the last hour. */
  alertsDropped?: number | null | undefined;
  /** Attempts per second to send alerts that failed. */
  sendErrors?: number | null | undefined;
}

/** Finds what is wrong, the worst first. */
export function problems(known: Known): Problem[] {
  const found = [...ofStore(known.store), ...ofConfig(known.runtime), ...ofTargets(known.targets), ...ofSenders(known)];
  return found.sort((a, b) => Number(b.kind === "critical") - Number(a.kind === "critical"));
}

function ofTargets(targets: Target[] | undefined): Problem[] {
  const down = (targets ?? []).filter((one) => one.health === "down");
  if (down.length === 0) return [];
  const what =
    down.length === 1
      ? `1 target is down: ${down[0]?.labels.instance ?? down[0]?.scrapeUrl}`
      : `${down.length} targets are down`;
  return [{ kind: down.length === targets?.length ? "critical" : "warning", text: `${what}.`, tab: "targets" }];
}

function ofStore(store: StoreStatus | undefined): Problem[] {
  if (store === undefined) return [];
  const found: Problem[] = [];
  if (store.refusal !== null)
    found.push({ kind: "critical", text: `Writes are refused: ${store.refusal}.`, tab: "storage" });
  const parts = store.quarantined.length;
  if (parts > 0) {
    const text = `${parts === 1 ? "1 part is" : `${parts} parts are`} in quarantine: answers about that time are not whole.`;
    found.push({ kind: "critical", text, tab: "storage" });
  }
  if (!store.recovery.isClean) {
    found.push({ kind: "warning", text: "The last start found damage and left something out.", tab: "storage" });
  }
  const reserve = store.durability.freeBytesReserve;
  if (store.refusal === null && store.freeBytes !== null && store.freeBytes < 4 * reserve) {
    const text = `The disk has ${bytes(store.freeBytes)} left; below ${bytes(reserve)} writes are refused.`;
    found.push({ kind: "warning", text, tab: "storage" });
  }
  return found;
}

function ofConfig(runtime: RuntimeInfo | undefined): Problem[] {
  if (runtime === undefined || runtime.reloadConfigSuccess) return [];
  const text = "The last reload was refused: what was read before is in force.";
  return [{ kind: "critical", text, tab: "config" }];
}

function ofSenders({ alertsDropped, sendErrors }: Known): Problem[] {
  const found: Problem[] = [];
  const lost = Math.round(alertsDropped ?? 0);
  if (lost > 0) {
    const text = `${lost} alert${lost === 1 ? " was" : "s were"} lost on the way to an Alertmanager in the last hour.`;
    found.push({ kind: "critical", text, tab: "senders" });
  } else if ((sendErrors ?? 0) > 0) {
    found.push({ kind: "warning", text: "Attempts to send alerts fail.", tab: "senders" });
  }
  return found;
}
