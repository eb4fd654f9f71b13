// What the editor holds, what is wrong with it before anybody is asked, and what is posted.

import { compiled, formatMatchers, type Matcher, MatcherError, parseMatchers } from "./matchers";
import type { PostedSilence, Silence } from "./types";
import { isZone, milliseconds, momentOf, wallText } from "./zoned";

export interface SilenceForm {
  /** The silence that is changed; none for a new one. */
  id?: string;
  /** Alternatives; in each all conditions must hold. */
  sets: Matcher[][];
  /** Conditions on receivers, a text each; none means all receivers. */
  receivers: string[];
  /** By the clocks of `zone`; empty means now. */
  start: string;
  /** How it ends: so long after its start, or at a time. */
  ends: "after" | "at";
  duration: string;
  end: string;
  /** The zone of `start`, `end` and the recurrence. */
  zone: string;
  recurs: boolean;
  rrule: string;
  untilResolved: boolean;
  grace: string;
  createdBy: string;
  comment: string;
  annotations: Record<string, string>;
}

/** The fields that an error can stand at; `form` is for what belongs to none. */
export type FieldName =
  | "matchers"
  | "receivers"
  | "start"
  | "ends"
  | "rrule"
  | "zone"
  | "grace"
  | "createdBy"
  | "comment"
  | "form";
export type FormErrors = Partial<Record<FieldName, string>>;

export const EMPTY_MATCHER: Matcher = { name: "", value: "", isRegex: false, isEqual: true };

export function newForm(matchers: Matcher[], createdBy: string, zone: string): SilenceForm {
  return {
    sets: [matchers.length > 0 ? matchers : [{ ...EMPTY_MATCHER }]],
    receivers: [],
    start: "",
    ends: "after",
    duration: "2h",
    end: "",
    zone,
    recurs: false,
    rrule: "FREQ=WEEKLY;BYDAY=SA",
    untilResolved: false,
    grace: "10m",
    createdBy,
    comment: "",
    annotations: {},
  };
}

/** The form of a silence that is there. One that is over is taken as the pattern of a new one. */
export function formOf(silence: Silence, zone: string, now: number): SilenceForm {
  const { recurrence } = silence;
  const isOver = silence.status.state === "expired";
  const shown = recurrence?.timeZone ?? zone;
  const startsAt = Date.parse(recurrence?.startsAt ?? silence.startsAt);
  const endsAt = Date.parse(recurrence?.endsAt ?? silence.endsAt);
  const form = newForm(silence.matchers, silence.createdBy, shown);
  return {
    ...form,
    ...(isOver ? {} : { id: silence.id }),
    sets: [silence.matchers, ...(silence.matcherSets ?? [])],
    receivers: (silence.receiverMatcherSets ?? []).map(formatMatchers),
    start: isOver && recurrence === undefined ? "" : wallText(startsAt, shown),
    ends: isOver && recurrence === undefined ? "after" : "at",
    end: wallText(isOver && recurrence === undefined ? now + 7_200_000 : endsAt, shown),
    recurs: recurrence !== undefined,
    rrule: recurrence?.rrule ?? form.rrule,
    untilResolved: silence.untilResolvedGrace !== undefined,
    grace: silence.untilResolvedGrace ?? form.grace,
    comment: silence.comment,
    annotations: silence.annotations ?? {},
  };
}

/** Begin and end in milliseconds; null for what is no time. An active silence keeps its begin to the second. */
export function span(form: SilenceForm, now: number, original?: Silence): { start: number | null; end: number | null } {
  const kept = keptStart(form, original);
  const start = kept ?? (form.start === "" ? now : momentOf(form.start, form.zone));
  if (form.ends === "at") return { start, end: keptEnd(form, original) ?? momentOf(form.end, form.zone) };
  const length = milliseconds(form.duration);
  return { start, end: start === null || length === null ? null : start + length };
}

function keptStart(form: SilenceForm, original: Silence | undefined): number | null {
  if (original === undefined || form.id === undefined) return null;
  const startsAt = Date.parse(original.recurrence?.startsAt ?? original.startsAt);
  return isZone(form.zone) && wallText(startsAt, form.zone) === form.start ? startsAt : null;
}

/** The end that nobody touched, with its seconds. */
function keptEnd(form: SilenceForm, original: Silence | undefined): number | null {
  if (original === undefined || form.id === undefined || !isZone(form.zone)) return null;
  const endsAt = Date.parse(original.recurrence?.endsAt ?? original.endsAt);
  return wallText(endsAt, form.zone) === form.end ? endsAt : null;
}

/** What is wrong, by field; empty when it may be posted. The server has the last word. */
export function validate(form: SilenceForm, now: number, original?: Silence): FormErrors {
  const errors: FormErrors = {};
  const put = (field: FieldName, text: string | null) => {
    if (text !== null && errors[field] === undefined) errors[field] = text;
  };
  for (const set of form.sets) put("matchers", wrongMatchers(set));
  for (const text of form.receivers) put("receivers", wrongReceiver(text));
  const { start, end } = span(form, now, original);
  if (start === null) put("start", "Say when it begins, such as 2026-11-21 22:00, or leave it empty for now.");
  if (end === null)
    put("ends", form.ends === "at" ? "Say when it ends." : "Say how long it lasts, such as 30m, 2h or 1d12h.");
  else if (start !== null && end <= start) put("ends", "It would end before it begins.");
  else if (end <= now && !form.recurs) put("ends", "This time has passed: it would be over at once.");
  if (!isZone(form.zone))
    put("zone", `There is no time zone ${form.zone || "without a name"}. Write it like Europe/Berlin or UTC.`);
  if (form.recurs && !/^(RRULE:)?FREQ=/i.test(form.rrule))
    put("rrule", "A rule begins with FREQ=, such as FREQ=WEEKLY;BYDAY=SA.");
  if (form.recurs && form.untilResolved)
    put("grace", "A silence that recurs cannot end when its alerts are resolved: choose one of both.");
  if (form.untilResolved && milliseconds(form.grace) === null)
    put("grace", "Say how long nothing must have fired, such as 10m.");
  if (form.createdBy.trim() === "") put("createdBy", "Say who you are: whoever wonders at 03:00 will ask you.");
  if (form.comment.trim() === "") put("comment", "Say why: a ticket, or one sentence.");
  return errors;
}

function wrongMatchers(set: Matcher[]): string | null {
  if (set.length === 0) return "Say what alerts must fulfil: one condition at least.";
  for (const one of set) {
    if (one.name.trim() === "") return "A condition needs the name of a label.";
    if (one.isRegex && compiled(one.value) === null) return `${one.value} is no regular expression.`;
  }
  // As for the server: a silence of everything is an accident. `!=` and `!~` count as saying something.
  const isCareless = (one: Matcher) =>
    one.isEqual && (one.isRegex ? (compiled(one.value)?.test("") ?? false) : one.value === "");
  return set.every(isCareless)
    ? "One condition at least must ask for a value: every alert without these labels would be silenced."
    : null;
}

function wrongReceiver(text: string): string | null {
  try {
    return parseMatchers(text).length === 0 ? "A condition on receivers is empty." : null;
  } catch (error) {
    return error instanceof MatcherError ? `${text}: ${error.message}` : String(error);
  }
}

/** What is posted. Times that are none go as they are not: the preview does without. */
export function payload(form: SilenceForm, now: number, original?: Silence): PostedSilence {
  const { start, end } = span(form, now, original);
  const startsAt = new Date(start ?? now).toISOString();
  const endsAt = new Date(end ?? (start ?? now) + 3_600_000).toISOString();
  const [matchers = [], ...others] = form.sets.map((set) => set.map((one) => ({ ...one, name: one.name.trim() })));
  const posted: PostedSilence = {
    ...(form.id === undefined ? {} : { id: form.id }),
    matchers,
    startsAt,
    endsAt,
    createdBy: form.createdBy.trim(),
    comment: form.comment.trim(),
  };
  if (Object.keys(form.annotations).length > 0) posted.annotations = form.annotations;
  if (others.length > 0) posted.matcherSets = others;
  if (form.receivers.length > 0) posted.receiverMatcherSets = form.receivers.map(parseMatchers);
  if (form.recurs) posted.recurrence = { rrule: form.rrule.trim(), timeZone: form.zone, startsAt, endsAt };
  if (form.untilResolved) posted.untilResolvedGrace = form.grace.trim();
  return posted;
}

/**
 * Whether a change ends the silence and makes another one: the server changes in place only what does not rewrite what
 * the silence did (docs/silences.md).
 */
export function replaces(form: SilenceForm, original: Silence, now: number): boolean {
  if (form.id === undefined) return false;
  const posted = payload(form, now, original);
  const conditions = (silence: Pick<Silence, "matchers" | "matcherSets" | "receiverMatcherSets">) =>
    [[silence.matchers], silence.matcherSets ?? [], silence.receiverMatcherSets ?? []]
      .map((sets) => sets.map(formatMatchers).join(" or "))
      .join(" for ");
  const second = (time: string) => Math.floor(Date.parse(time) / 1000);
  if (conditions(posted) !== conditions(original)) return true;
  if (posted.recurrence !== undefined || original.recurrence !== undefined) {
    const rule = ({ recurrence }: Pick<Silence, "recurrence">) => `${recurrence?.rrule} ${recurrence?.timeZone}`;
    const times = (silence: PostedSilence | Silence) => {
      const { startsAt, endsAt } = silence.recurrence ?? silence;
      return `${second(startsAt ?? silence.startsAt)} ${second(endsAt ?? silence.endsAt)}`;
    };
    return rule(posted) !== rule(original) || times(posted) !== times(original);
  }
  if (original.status.state === "pending") return Date.parse(posted.startsAt) < now;
  return second(posted.startsAt) !== second(original.startsAt);
}

/** Says at which field an answer of the server belongs. */
export function fieldOf(message: string): FieldName {
  const rules: [RegExp, FieldName][] = [
    [/untilResolvedGrace|when its alerts are resolved/i, "grace"],
    [/time ?zone/i, "zone"],
    [/recurr|rrule|FREQ|BYDAY|INTERVAL|UNTIL|COUNT|window/, "rrule"],
    [/receiver/i, "receivers"],
    [/comment/i, "comment"],
    [/created ?by|creator|author/i, "createdBy"],
    [/start time must be before|end time|may last at most|endsAt/i, "ends"],
    [/startsAt/i, "start"],
    [/matcher|regular expression|compiled/i, "matchers"],
  ];
  return rules.find(([pattern]) => pattern.test(message))?.[1] ?? "form";
}

/** The command that makes the same silence. */
export function silenceWords(form: SilenceForm): string[] {
  const [first = [], ...others] = form.sets;
  const words = ["silence", "add", ...first.map((one) => formatMatchers([one]))];
  for (const set of others) words.push("--or", formatMatchers(set));
  if (form.start !== "") words.push("--start", form.start);
  words.push(...(form.ends === "at" ? ["--end", form.end] : ["--duration", form.duration]));
  if ((form.start !== "" || form.ends === "at" || form.recurs) && form.zone !== "UTC") words.push("--zone", form.zone);
  if (form.recurs) words.push("--recurrence", form.rrule);
  if (form.untilResolved) words.push("--until-resolved", "--grace", form.grace);
  for (const name of form.receivers.map(receiverName)) if (name !== null) words.push("--receiver", name);
  words.push("--comment", form.comment);
  if (form.createdBy !== "") words.push("--author", form.createdBy);
  return words;
}

/** The receiver that a condition is about when it is about one by its name; null otherwise. */
export function receiverName(text: string): string | null {
  try {
    const [one, ...others] = parseMatchers(text);
    const isName = one !== undefined && one.name === "name" && one.isEqual && !one.isRegex;
    return isName && others.length === 0 ? one.value : null;
  } catch {
    return null;
  }
}
