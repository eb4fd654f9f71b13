// Times and durations as text. All of them are told to the second, and say their zone where they stand alone.

import { type Zone, zone } from "./zone";

/** Milliseconds since 1970, or RFC 3339. */
export type Instant = number | string;

/** Milliseconds since 1970; NaN for what is no time, and for the year 1 that Go writes for "never". */
export function toMilliseconds(at: Instant | null | undefined): number {
  if (at === null || at === undefined) return Number.NaN;
  const value = typeof at === "number" ? at : Date.parse(at);
  return value < -62_000_000_000_000 ? Number.NaN : value;
}

/** `2026-11-22 08:15:04 UTC`, or in the zone of the browser with its offset. */
export function formatTime(at: Instant | null | undefined, as: Zone = zone.get()): string {
  const value = toMilliseconds(at);
  if (Number.isNaN(value)) return "no data";
  const { date, time, offset } = parts(value, as);
  return `${date} ${time} ${offset}`;
}

/** `08:15:04`: for axes and lists whose day is clear. */
export function formatClock(at: Instant, as: Zone = zone.get(), withSeconds = true): string {
  const { time } = parts(toMilliseconds(at), as);
  return withSeconds ? time : time.slice(0, 5);
}

/** `Nov 22`: for axes. */
export function formatDay(at: Instant, as: Zone = zone.get()): string {
  const { date } = parts(toMilliseconds(at), as);
  return `${MONTHS[Number(date.slice(5, 7)) - 1]} ${Number(date.slice(8))}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

function parts(value: number, as: Zone): { date: string; time: string; offset: string } {
  const minutes = as === "utc" ? 0 : -new Date(value).getTimezoneOffset();
  const text = new Date(value + minutes * 60_000).toISOString();
  return { date: text.slice(0, 10), time: text.slice(11, 19), offset: as === "utc" ? "UTC" : offsetText(minutes) };
}

function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const pad = (value: number) => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${pad(Math.floor(size / 60))}:${pad(size % 60)}`;
}

/** Two parts at most: `3d 4h`, `12m 30s`, `450ms`. */
export function formatDuration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return "no data";
  if (!Number.isFinite(seconds)) return seconds > 0 ? "forever" : "-forever";
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  if (seconds === 0) return "0s";
  if (seconds < 0.001) return `${Number((seconds * 1e6).toPrecision(2))}us`;
  if (seconds < 1) return `${Number((seconds * 1000).toPrecision(3))}ms`;
  if (seconds < 10) return `${Number(seconds.toFixed(1))}s`;
  return twoParts(Math.round(seconds));
}

function twoParts(seconds: number): string {
  const units: [string, number][] = [
    ["y", 31_536_000],
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ];
  const first = units.findIndex(([, size]) => seconds >= size);
  const [name, size] = units[first] ?? ["s", 1];
  const whole = Math.floor(seconds / size);
  const next = units[first + 1];
  if (next === undefined) return `${whole}${name}`;
  const rest = Math.floor((seconds - whole * size) / next[1]);
  return rest === 0 ? `${whole}${name}` : `${whole}${name} ${rest}${next[0]}`;
}

/** `4m ago`, `in 2h`, `just now`. */
export function formatRelative(at: Instant | null | undefined, now: number): string {
  const value = toMilliseconds(at);
  if (Number.isNaN(value)) return "no data";
  const seconds = (now - value) / 1000;
  if (Math.abs(seconds) < 2) return "just now";
  const text = oneOrTwo(Math.abs(seconds));
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}

function oneOrTwo(seconds: number): string {
  const text = formatDuration(Math.round(seconds));
  // Seconds beside minutes only make a list flicker.
  return seconds >= 600 ? text.replace(/ \d+s$/, "") : text;
}
