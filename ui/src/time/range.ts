// The time range that all charts of a page show. It lives in the URL as `from` and `to`.

import { useCallback, useEffect, useMemo } from "preact/hooks";
import { createStore, useStore } from "../hooks/store";
import { place, setQuery } from "../router/location";
import { liveSetting } from "./live";
import { parseTime, timeText } from "./parse";

export const DEFAULT_FROM = "now-1h";
export const DEFAULT_TO = "now";

export interface TimeRange {
  /** Milliseconds since 1970. */
  from: number;
  to: number;
  /** As the URL has it: `now-1h`, or an RFC 3339 time. */
  fromText: string;
  toText: string;
  /** Whether its end moves with the present. */
  isRelative: boolean;
  /** Seconds between two points when about so many (240) are wanted: a round number, so that charts line up. */
  step(points?: number): number;
  /** Milliseconds, or a text such as `now-6h`. What is no time changes nothing. */
  set(from: number | string, to: number | string): void;
}

/** The present as relative ranges see it: it moves in steps, because each one loads every chart again. */
const anchor = createStore(Date.now());

/** Moves relative ranges to the present: when one is chosen, when the reader asks, and while the page is live. */
export function refreshRange(): void {
  anchor.set(Date.now());
}

export function useTimeRange(): TimeRange {
  const { search } = useStore(place);
  const now = useStore(anchor);
  const query = new URLSearchParams(search);
  const fromText = query.get("from") ?? DEFAULT_FROM;
  const toText = query.get("to") ?? DEFAULT_TO;
  const set = useCallback((from: number | string, to: number | string) => setRange(from, to), []);
  return useMemo(() => ({ ...resolve(fromText, toText, now), set }), [fromText, toText, now, set]);
}

/** What texts mean at a moment; texts that are no range mean the last hour. */
export function resolve(fromText: string, toText: string, now: number): Omit<TimeRange, "set"> {
  const from = parseTime(fromText, now);
  const to = parseTime(toText, now);
  if (from === null || to === null || from >= to) {
    return { ...resolve(DEFAULT_FROM, DEFAULT_TO, now) };
  }
  const isRelative = /now/.test(toText);
  return { from, to, fromText, toText, isRelative, step: (points = 240) => stepFor((to - from) / 1000, points) };
}

export function setRange(from: number | string, to: number | string): void {
  const now = Date.now();
  const fromText = typeof from === "number" ? timeText(Math.round(from / 1000) * 1000) : from;
  const toText = typeof to === "number" ? timeText(Math.round(to / 1000) * 1000) : to;
  const start = parseTime(fromText, now);
  const end = parseTime(toText, now);
  if (start === null || end === null || start >= end) return;
  refreshRange();
  const isDefault = fromText === DEFAULT_FROM && toText === DEFAULT_TO;
  // A range is a place one wants to come back to, so it is an entry of the history.
  setQuery({ from: isDefault ? null : fromText, to: isDefault ? null : toText }, { replace: false });
}

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400];

export function stepFor(seconds: number, points: number): number {
  const wanted = seconds / Math.max(1, points);
  return STEPS.find((step) => step >= wanted) ?? Math.ceil(wanted / 86_400) * 86_400;
}

/** Milliseconds after which a relative range moves while the page is live: a 240th of it, 5 s to 1 min. */
export function refreshEvery(range: number): number {
  return Math.min(60_000, Math.max(5000, range / 240));
}

/** Keeps relative ranges moving while the page is live and looked at. The shell calls it once. */
export function useMovingRange(): void {
  const { from, to, isRelative } = useTimeRange();
  const isLive = useStore(liveSetting) === "on";
  const every = refreshEvery(to - from);
  useEffect(() => {
    if (!isLive || !isRelative) return;
    const move = () => {
      if (document.visibilityState !== "hidden") refreshRange();
    };
    const timer = setInterval(move, every);
    document.addEventListener("visibilitychange", move);
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", move);
    };
  }, [isLive, isRelative, every]);
}

/** Moves the range by half of itself: -1 into the past, 1 towards the present. */
export function shiftRange(range: Pick<TimeRange, "from" | "to">, direction: -1 | 1): void {
  const half = ((range.to - range.from) / 2) * direction;
  setRange(range.from + half, range.to + half);
}
