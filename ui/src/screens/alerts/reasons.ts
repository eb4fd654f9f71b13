// Why an integration is told of an alert, or is not: the sentences of `plimsoll alert explain`, with times and names
// as parts of their own so that they can be links.

import { printed } from "./fingerprint";
import type { Channel, LabelSet, Why } from "./types";

/** A piece of a sentence. */
export type Part =
  | string
  | { time: string }
  | { silence: string; text: string }
  | { alert: string; labels: LabelSet }
  | { inhibition: number };

export type Kind = "ok" | "info" | "warning" | "critical" | "unknown" | "muted";

export interface Verdict {
  kind: Kind;
  word: string;
  /** When it was told, and by whom in its place. */
  at?: string;
  via?: string;
}

/** Whether somebody knows, in a few words. */
export function verdict(channel: Channel): Verdict {
  const { told, why } = channel;
  if (told !== null) {
    const word = told.isResolved ? "told that it is resolved" : "told";
    return { kind: "ok", word, at: told.at, ...(told.via === undefined ? {} : { via: told.via }) };
  }
  return UNTOLD[why.kind] ?? { kind: "unknown", word: "not told" };
}

const NOT_TOLD: Verdict = { kind: "warning", word: "not told" };
const NOT_YET: Verdict = { kind: "info", word: "not told yet" };
const UNTOLD: Partial<Record<Why["kind"], Verdict>> = {
  waiting: NOT_YET,
  warm_up: NOT_YET,
  being_told: NOT_YET,
  queued: { kind: "critical", word: "not told yet" },
  no_alert: { kind: "muted", word: "would be told" },
  rows_unread: { kind: "unknown", word: "not known" },
  not_leading: { kind: "unknown", word: "another replica decides" },
  silenced: { kind: "muted", word: "not told: silenced" },
  inhibited: { kind: "muted", word: "not told: inhibited" },
  muted: { kind: "muted", word: "not told: muted" },
  no_integration: NOT_TOLD,
  nothing_new: NOT_TOLD,
  resolved_not_wanted: NOT_TOLD,
  resolved_unheard: NOT_TOLD,
  resolved_told: NOT_TOLD,
};

/** Why, one sentence a line; what a newer server knows is told in its words. */
export function reasons(channel: Channel): Part[][] {
  const { why } = channel;
  switch (why.kind) {
    case "waiting":
      return [waiting(why.timer)];
    case "silenced":
      return why.by.map((by) => [
        `silenced by ${by.createdBy || "somebody"} until `,
        { time: by.endsAt },
        ", ",
        { silence: by.id, text: "this silence" },
      ]);
    case "inhibited":
      return [["inhibited while ", { alert: why.by, labels: why.labels }, " fires, by ", { inhibition: why.rule }]];
    case "muted":
      return [[muted(why.by)]];
    case "being_told":
      return [["an attempt is under way since ", { time: why.since }]];
    case "queued":
      return queued(why.failures, why.error);
    case "nothing_new":
      return [["it was told and nothing is new; it is told again after repeat_interval"]];
    default:
      return [[FIXED[why.kind] ?? channel.text]];
  }
}

const FIXED: Partial<Record<Why["kind"], string>> = {
  no_alert: "no such alert is known: nothing was posted, or it is over",
  rows_unread: "the server could not read yet what was written before it began, so it may have been told",
  warm_up: "it began before this process did, and what inhibits it may still be heard of (warm_up)",
  resolved_not_wanted: "it is resolved, and the receiver does not hear of that: send_resolved is false",
  resolved_unheard: "it is resolved, and the receiver never heard that it fired",
  resolved_told: "it is resolved and that was told: all is done",
  not_leading: "ask the replica that leads",
  no_integration: "the receiver has no integration: it tells nobody",
};

function waiting(timer: string): Part[] {
  const known: Record<string, string> = {
    group_wait: "others of its group may come; they are told together (group_wait)",
    group_interval: "its group was told lately, and is told again after group_interval",
    resolve_interval: "its group was told lately; that alerts are resolved is told after resolve_interval",
  };
  return [known[timer] ?? `it waits for ${timer}`];
}

function muted(by: string[]): string {
  if (by.length === 0) return "the route is silent outside of its active_time_intervals";
  const intervals = by.length === 1 ? "time interval" : "time intervals";
  return `the route is silent in the ${intervals} ${by.join(", ")}`;
}

function queued(failures: number, error: string): Part[][] {
  if (failures === 0) return [["its notice waits for its turn"]];
  const count = failures === 1 ? "1 attempt" : `${failures} attempts`;
  return [[error === "" ? `${count} failed` : `${count} failed, the last one: ${error}`]];
}

/** What happens next and when; null when nothing will, or something happens at this moment. */
export function next(channel: Channel, now: number): { what: string; at: string; isDue: boolean } | null {
  const { nextAt, why } = channel;
  if (nextAt === null || why.kind === "being_told") return null;
  const what = NEXT[why.kind] ?? "it is looked at again";
  return { what, at: nextAt, isDue: Date.parse(nextAt) <= now };
}

const NEXT: Partial<Record<Why["kind"], string>> = {
  queued: "the next attempt",
  nothing_new: "it is told again, if it fires still",
  silenced: "it is told, if it fires still",
  waiting: "it is told",
  warm_up: "it is told",
};

/** A sentence without its links, for tests and for the clipboard. */
export function plain(parts: Part[]): string {
  return parts
    .map((part) => {
      if (typeof part === "string") return part;
      if ("time" in part) return part.time;
      if ("silence" in part) return `${part.text} (${part.silence})`;
      if ("alert" in part) return named(part.labels);
      return `inhibit_rules[${part.inhibition}]`;
    })
    .join("");
}

/** An alert as people name it: `Down{job="db"}`. */
export function named(labels: LabelSet): string {
  const { alertname, ...rest } = labels;
  const others = Object.keys(rest).length === 0 ? "" : printed(rest);
  return `${alertname ?? ""}${others}` || "{}";
}
