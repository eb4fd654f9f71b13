// Rules of RFC 5545 in words, and rules for what people want most.

export const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"] as const;
export type Day = (typeof DAYS)[number];

const DAY_NAMES: Record<string, string> = {
  MO: "Monday",
  TU: "Tuesday",
  WE: "Wednesday",
  TH: "Thursday",
  FR: "Friday",
  SA: "Saturday",
  SU: "Sunday",
};

export function dayName(day: string): string {
  return DAY_NAMES[day] ?? day;
}

/** The parts of a rule by their names in capitals; a text that is none has none. */
export function parts(rule: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const part of rule.replace(/^RRULE:/i, "").split(";")) {
    const [name, value] = part.split("=");
    if (name !== undefined && value !== undefined) found[name.trim().toUpperCase()] = value.trim().toUpperCase();
  }
  return found;
}

/** The days of a weekly rule; none for any other one. */
export function daysOf(rule: string): Day[] {
  const { BYDAY = "", FREQ } = parts(rule);
  return FREQ === "WEEKLY" ? DAYS.filter((day) => BYDAY.split(",").includes(day)) : [];
}

export function weekly(days: Day[], interval = 1): string {
  const every = interval > 1 ? `;INTERVAL=${interval}` : "";
  const on = days.length > 0 ? `;BYDAY=${DAYS.filter((day) => days.includes(day)).join(",")}` : "";
  return `FREQ=WEEKLY${every}${on}`;
}

const UNITS: Record<string, string> = { DAILY: "day", WEEKLY: "week", MONTHLY: "month", YEARLY: "year" };
const MONTHS = "January February March April May June July August September October November December".split(" ");
const ORDINALS: Record<string, string> = {
  "1": "first",
  "2": "second",
  "3": "third",
  "4": "fourth",
  "5": "fifth",
  "-1": "last",
  "-2": "second to last",
};

/** A rule in words, `every Saturday`; the rule itself where words would be wrong. */
export function describe(rule: string): string {
  const { FREQ = "", INTERVAL = "1", BYDAY, BYMONTHDAY, BYMONTH, COUNT, UNTIL, WKST, ...others } = parts(rule);
  const unit = UNITS[FREQ];
  if (unit === undefined || Object.keys(others).length > 0) return rule;
  const days = BYDAY?.split(",").map(dayWords);
  if (days?.some((day) => day === null) || (BYDAY !== undefined && BYMONTHDAY !== undefined)) return rule;
  const count = Number(INTERVAL);
  let text = count === 1 ? `every ${unit}` : `every ${count} ${unit}s`;
  if (FREQ === "WEEKLY" && count === 1 && days) text = `every ${list(days)}`;
  else if (FREQ === "DAILY" && count === 1 && days) text = `every ${list(days)}`;
  else if (days) text += ` on ${list(days)}`;
  if (BYMONTHDAY !== undefined) text += ` on ${list(BYMONTHDAY.split(",").map(dayOfMonth))}`;
  if (BYMONTH !== undefined)
    text += ` in ${list(BYMONTH.split(",").map((month) => MONTHS[Number(month) - 1] ?? month))}`;
  if (COUNT !== undefined) text += `, ${COUNT} times`;
  if (UNTIL !== undefined) text += `, until ${UNTIL.replace(/^(\d{4})(\d\d)(\d\d).*$/, "$1-$2-$3")}`;
  return WKST === undefined || count === 1 ? text : `${text} (weeks begin on ${dayName(WKST)})`;
}

function dayWords(day: string | null): string | null {
  const found = /^([+-]?\d+)?(MO|TU|WE|TH|FR|SA|SU)$/.exec(day ?? "");
  if (found === null) return null;
  const name = dayName(found[2] ?? "");
  if (found[1] === undefined) return name;
  const ordinal = ORDINALS[String(Number(found[1]))];
  return ordinal === undefined ? null : `the ${ordinal} ${name}`;
}

function dayOfMonth(day: string): string {
  if (day === "-1") return "the last day";
  return Number(day) < 0 ? `the ${-Number(day)}th day from its end` : `the ${day}.`;
}

function list(words: (string | null)[]): string {
  if (words.length < 2) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} and ${words[words.length - 1]}`;
}
