// Times as people type them, `2026-11-21T22:00` by the clocks of a zone, and moments.

/** The zones of this browser's list, UTC first; only UTC and its own where the browser has no list. */
export function zoneNames(): string[] {
  const own = localZone();
  const all = Intl.supportedValuesOf?.("timeZone") ?? [own];
  return [...new Set(["UTC", own, ...all])];
}

export function localZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** Whether this browser knows a zone; the server has a list of its own and the last word. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return name !== "";
  } catch {
    return false;
  }
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();

function format(zone: string): Intl.DateTimeFormat {
  let found = FORMATS.get(zone);
  if (found === undefined) {
    found = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "iso8601",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    FORMATS.set(zone, found);
  }
  return found;
}

/** What the clocks of a zone show at a moment, as milliseconds since 1970 of a zone without offset. */
function wall(moment: number, zone: string): number {
  const found: Record<string, number> = {};
  for (const part of format(zone).formatToParts(moment)) found[part.type] = Number(part.value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = found;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** What the clocks show at a moment, to the minute: what an input of type datetime-local holds. */
export function wallText(moment: number, zone: string): string {
  return new Date(wall(moment, zone)).toISOString().slice(0, 16);
}

/**
 * The moment at which the clocks show a time; null when the text is none. A time that clocks skip is the moment of the
 * change, one that comes twice the first of the two, as for the windows of a recurring silence.
 */
export function momentOf(text: string, zone: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?$/.test(text)) return null;
  const shown = Date.parse(`${text}Z`);
  if (Number.isNaN(shown)) return null;
  // The offset of the zone is what holds before or after a change nearby; one of both is right.
  const guesses = [shown - 86_400_000, shown + 86_400_000].map((near) => shown - (wall(near, zone) - near));
  const right = guesses.filter((guess) => wall(guess, zone) === shown);
  if (right.length > 0) return Math.min(...right);
  return change(Math.min(...guesses), Math.max(...guesses), zone);
}

/** The moment between two at which the offset changes, to the second. */
function change(before: number, after: number, zone: string): number {
  let [low, high] = [before - 1000, after];
  const offset = (moment: number) => wall(moment, zone) - Math.floor(moment / 1000) * 1000;
  const first = offset(low);
  while (high - low > 1000) {
    const middle = Math.floor((low + high) / 2000) * 1000;
    if (offset(middle) === first) low = middle;
    else high = middle;
  }
  return Math.ceil(high / 1000) * 1000;
}

const UNITS: Record<string, number> = { ms: 1, s: 1e3, m: 6e4, h: 3.6e6, d: 8.64e7, w: 6.048e8, y: 3.1536e10 };

/** Milliseconds of a duration such as `1h30m`; null when the text is none. */
export function milliseconds(text: string): number | null {
  const clean = text.trim();
  if (!/^(?:\d+(?:ms|[smhdwy]))+$/.test(clean)) return null;
  let total = 0;
  for (const [, count, unit] of clean.matchAll(/(\d+)(ms|[smhdwy])/g))
    total += Number(count) * (UNITS[unit ?? ""] ?? 0);
  return total;
}

/** A duration as the configuration writes one: `1d6h`, `90s` is `1m30s`. */
export function durationText(total: number): string {
  let rest = Math.max(0, Math.round(total / 1000) * 1000);
  if (rest === 0) return "0s";
  let text = "";
  for (const unit of ["w", "d", "h", "m", "s"]) {
    const size = UNITS[unit] ?? 1;
    // A week is said only where it is whole, as everywhere else.
    if (unit === "w" && rest % size !== 0) continue;
    const count = Math.floor(rest / size);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * size;
  }
  return text;
}
