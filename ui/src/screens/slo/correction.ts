// A correction as a form: what is sent, and at which field the server's words belong.

import { parseTime, timeText } from "../../time";
import type { Correction, CorrectionKind } from "./types";

export interface CorrectionDraft {
  id: string;
  kind: CorrectionKind;
  from: string;
  /** How long it is, or when it ends: whichever is filled in. */
  length: string;
  to: string;
  repeat: string;
  zone: string;
  match: string;
  reason: string;
  author: string;
}

export type CorrectionField = keyof CorrectionDraft;

/** What is shown first: the last hour, because corrections are made after the fact. */
export function emptyDraft(now: number, author: string): CorrectionDraft {
  const from = Math.floor((now - 3_600_000) / 60_000) * 60_000;
  return {
    id: "",
    kind: "exclude",
    from: timeText(from),
    length: "1h",
    to: "",
    repeat: "",
    zone: "",
    match: "",
    reason: "",
    author,
  };
}

/**
 * The body of the request. What is empty is left out, so that the server says what it needs; times may be written as
 * everywhere here, such as `now-2h`, and one that is none goes as it is.
 */
export function bodyOf(draft: CorrectionDraft, now: number): Record<string, string> {
  const time = (text: string) => {
    const at = parseTime(text, now);
    return at === null ? text : timeText(Math.floor(at / 1000) * 1000);
  };
  const fields: [string, string][] = [
    ["id", draft.id],
    ["kind", draft.kind],
    ["from", time(draft.from)],
    ["for", draft.length],
    ["to", time(draft.to)],
    ["repeat", draft.repeat],
    ["zone", draft.zone],
    ["match", draft.match],
    ["reason", draft.reason],
    ["author", draft.author],
  ];
  return Object.fromEntries(
    fields.map(([name, text]) => [name, text.trim()] as const).filter(([, text]) => text !== ""),
  );
}

/** The server's words by field; what belongs to none is under `general`. */
export type CorrectionErrors = Partial<Record<CorrectionField | "general", string>>;

const NAMES: [RegExp, CorrectionField][] = [
  [/^a correction needs an `id`|is no name: |has a correction .* already/, "id"],
  [/kind of a correction/, "kind"],
  [/^a correction needs a `reason`/, "reason"],
  [/^a correction needs an `author`/, "author"],
  [/field `from`|^`from`/, "from"],
  [/`for`|a duration such as|covers at most/, "length"],
  [/^`to`/, "to"],
  [/the condition /, "match"],
  [/zone/, "zone"],
  [/`repeat`|^(FREQ|BYDAY|BYMONTH|INTERVAL|COUNT|UNTIL|WKST)|recurrence/, "repeat"],
];

export function errorsOf(message: string, draft: CorrectionDraft): CorrectionErrors {
  const errors: CorrectionErrors = {};
  for (const reason of message.split("; ")) {
    const field = fieldOf(reason, draft) ?? "general";
    errors[field] = errors[field] === undefined ? reason : `${errors[field]}; ${reason}`;
  }
  return errors;
}

function fieldOf(reason: string, draft: CorrectionDraft): CorrectionField | undefined {
  // A time that cannot be read is quoted: it is the one that the reader wrote.
  const time = /^expected a time.*found "(.*)"/.exec(reason)?.[1];
  if (time !== undefined) return time === draft.to.trim() && time !== draft.from.trim() ? "to" : "from";
  return NAMES.find(([pattern]) => pattern.test(reason))?.[1];
}

/** The newest first; those that were taken back last. */
export function sortCorrections(all: readonly Correction[]): Correction[] {
  return [...all].sort(
    (a, b) => Number(a.revoked !== null) - Number(b.revoked !== null) || Date.parse(b.from) - Date.parse(a.from),
  );
}

const KINDS: Record<CorrectionKind, string> = {
  exclude: "left out",
  good: "count as good",
  bad: "count as bad",
};

/** What becomes of the events of its time. */
export function kindText(kind: string): string {
  return KINDS[kind as CorrectionKind] ?? kind;
}
