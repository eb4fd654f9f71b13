// Times as people write them: `now`, `now-1h`, `now-1d12h`, `2026-11-22 08:00`, RFC 3339, seconds or milliseconds.

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

/** Milliseconds of a duration such as `1h30m`, `5m`, `90s`; `null` for anything else. */
export function parseDuration(text: string): number | null {
  const plain = text.trim();
  if (plain === "0") return 0;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d|w|y))+$/.test(plain)) return null;
  let sum = 0;
  for (const [, amount, unit] of plain.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwy])/g)) {
    sum += Number(amount) * (UNITS[unit ?? ""] ?? 0);
  }
  return sum;
}

/** What a Date can be, in milliseconds to either side of 1970 (ECMA-262). */
const TIME_MAX = 8.64e15;

/** Milliseconds since 1970 of a text; `null` for one that is no time. Without a zone it is read as UTC. */
export function parseTime(text: string, now: number): number | null {
  const at = readTime(text, now);
  return at !== null && Math.abs(at) <= TIME_MAX ? at : null;
}

function readTime(text: string, now: number): number | null {
  const plain = text.trim();
  if (plain === "now") return now;
  const relative = /^now\s*([+-])\s*(\S+)$/.exec(plain);
  if (relative !== null) {
    const distance = parseDuration(relative[2] ?? "");
    if (distance === null) return null;
    return relative[1] === "-" ? now - distance : now + distance;
  }
  if (/^\d{9,10}(\.\d+)?$/.test(plain)) return Number(plain) * 1000;
  if (/^\d{12,14}$/.test(plain)) return Number(plain);
  return parseDate(plain);
}

function parseDate(text: string): number | null {
  const found = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i.exec(
    text,
  );
  if (found === null) return null;
  const [, day, minute = "00:00", second = ":00", offset = "Z"] = found;
  const at = Date.parse(`${day}T${minute}${second}${/^utc$/i.test(offset) ? "Z" : offset}`);
  return Number.isNaN(at) ? null : at;
}

/** A time as it is written into a URL: to the second, and with its zone. */
export function timeText(at: number): string {
  return new Date(at).toISOString().replace(/\.000Z$/, "Z");
}
