// One stream of what changed, shared by all of the page. It says only that something changed; screens then load it anew.

import { useEffect, useState } from "preact/hooks";
import { createStore, type Store, useStore } from "../hooks/store";
import { liveSetting } from "../time/live";
import { nextDelay } from "./backoff";

export type Topic = "alerts" | "slos" | "gateway" | "targets" | "rules" | "signals" | "changes" | "silences";

export interface Counts {
  firing: number;
  pending: number;
  suppressed: number;
  slosCritical: number;
  slosExhausted: number;
  targetsDown: number;
  endpointsDown: number;
}

export interface Pulse {
  at: string;
  revisions: Partial<Record<Topic, number>>;
  counts: Partial<Counts>;
}

/** `off`: the reader wants it so, or the tab is hidden. `waiting`: the stream broke and is opened again later. */
export type LiveState = "off" | "connecting" | "on" | "waiting";

export const liveState: Store<LiveState> = createStore<LiveState>("off");
export const liveCounts: Store<Partial<Counts>> = createStore<Partial<Counts>>({});

const PATH = "/api/v1/live";
/** A server that is alive says something every 15 s; after three times of silence the connection is dead. */
const SILENCE_MS = 45_000;

const pulses = createStore<Pulse | null>(null);
let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let watchdog: ReturnType<typeof setTimeout> | undefined;
let failures = 0;

/**
 * Rises when one of the topics changed. Put it among the dependencies of `useLoad`. While the page is not live, or hidden,
 * it stands still; afterwards it rises once if something changed meanwhile.
 */
export function useTick(topics: readonly Topic[]): number {
  const key = topics.join();
  const [tick, setTick] = useState(0);
  useEffect(() => {
    let seen = revisionText(pulses.get(), topics);
    return pulses.subscribe(() => {
      const now = revisionText(pulses.get(), topics);
      // The first pulse tells where we are; what the screen loaded is not older than the page.
      if (seen !== "" && now !== seen) setTick((count) => count + 1);
      seen = now;
    });
  }, [key]);
  return tick;
}

/** How much of each state there is, as of the last pulse. Empty before the first one: not known. */
export function useCounts(): Partial<Counts> {
  return useStore(liveCounts);
}

export function useLiveState(): LiveState {
  return useStore(liveState);
}

function revisionText(pulse: Pulse | null, topics: readonly Topic[]): string {
  if (pulse === null) return "";
  return topics.map((topic) => pulse.revisions[topic] ?? 0).join();
}

/** Opens and closes the stream as the setting and the tab want it. The shell calls it once; answers how to stop. */
export function startLive(): () => void {
  const settle = () => (wanted() ? open() : close("off"));
  const stopSetting = liveSetting.subscribe(settle);
  document.addEventListener("visibilitychange", settle);
  window.addEventListener("online", settle);
  settle();
  return () => {
    stopSetting();
    document.removeEventListener("visibilitychange", settle);
    window.removeEventListener("online", settle);
    close("off");
  };
}

function wanted(): boolean {
  return liveSetting.get() === "on" && document.visibilityState !== "hidden";
}

function open(): void {
  if (source !== undefined || typeof EventSource === "undefined") return;
  clearTimeout(retry);
  liveState.set("connecting");
  source = new EventSource(PATH);
  source.addEventListener("open", heard);
  source.addEventListener("pulse", (event) => {
    heard();
    const pulse = pulseOf((event as MessageEvent<string>).data);
    if (pulse === null) return;
    liveCounts.set(pulse.counts);
    pulses.set(pulse);
  });
  source.addEventListener("error", broken);
  watch();
}

function heard(): void {
  failures = 0;
  liveState.set("on");
  watch();
}

function watch(): void {
  clearTimeout(watchdog);
  watchdog = setTimeout(broken, SILENCE_MS);
}

/** The browser would try again by itself, but at its own pace and never after a status such as 503: we do it. */
function broken(): void {
  close("waiting");
  failures += 1;
  retry = setTimeout(() => wanted() && open(), nextDelay(failures, Math.random()));
}

function close(state: LiveState): void {
  clearTimeout(retry);
  clearTimeout(watchdog);
  source?.close();
  source = undefined;
  liveState.set(state);
  // What was counted then is not known to be so now.
  liveCounts.set({});
}

export function pulseOf(text: string): Pulse | null {
  try {
    const pulse: unknown = JSON.parse(text);
    if (typeof pulse !== "object" || pulse === null || !("revisions" in pulse)) return null;
    const { at = "", revisions, counts = {} } = pulse as Partial<Pulse>;
    return { at, revisions: revisions ?? {}, counts };
  } catch {
    return null;
  }
}
