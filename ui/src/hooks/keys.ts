// Keys. One listener for the page; components lay maps over each other, and the one that came last is asked first.

import { useEffect, useRef } from "preact/hooks";

export type KeyHandler = (event: KeyboardEvent) => void;
/** `j`, `Enter`, `Escape`, `?`, `ctrl+k` (also Cmd on a Mac), or two keys after each other: `g s`. */
export type KeyMap = Record<string, KeyHandler>;

export interface KeyOptions {
  /** Off while false. */
  enabled?: boolean;
  /** Also while the reader types (only for Escape and chords with Ctrl). */
  whileTyping?: boolean;
  /** What lies below is not asked at all: for dialogs. */
  exclusive?: boolean;
  /** What the keys do, for the help that `?` shows: `{ "j": "next row" }`. */
  help?: Record<string, string>;
}

interface Layer extends Required<Omit<KeyOptions, "help">> {
  map: () => KeyMap;
  help: Record<string, string>;
}

/** Two keys belong together when they come within this time. */
const SEQUENCE_MS = 1200;

const layers: Layer[] = [];
let pending: { key: string; until: number } | null = null;

/** Listens to keys while the component is there. */
export function useKeys(map: KeyMap, options: KeyOptions = {}): void {
  const latest = useRef(map);
  latest.current = map;
  const { enabled = true, whileTyping = false, exclusive = false } = options;
  const help = useRef(options.help ?? {});
  help.current = options.help ?? {};
  useEffect(() => {
    if (!enabled) return;
    const layer: Layer = { map: () => latest.current, help: help.current, enabled, whileTyping, exclusive };
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
    };
  }, [enabled, whileTyping, exclusive]);
}

/** What keys of the present screen do, the last layer first. */
export function keyHelp(): [string, string][] {
  return [...layers].reverse().flatMap((layer) => Object.entries(layer.help));
}

/** The name of a key press as maps have it. */
export function keyName(event: KeyboardEvent): string {
  const chord = event.ctrlKey || event.metaKey ? "ctrl+" : event.altKey ? "alt+" : "";
  const key = event.key.length === 1 && chord !== "" ? event.key.toLowerCase() : event.key;
  return chord + (key === " " ? "Space" : key);
}

export function isTyping(event: Event): boolean {
  // The editor lives in a shadow root, whose elements only the path shows.
  const target = event.composedPath()[0] ?? event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest("[contenteditable=true]") !== null) return true;
  if (target instanceof HTMLInputElement) return !["checkbox", "radio", "button", "range"].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  if (["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
  const key = keyName(event);
  const typing = isTyping(event);
  const before = pending !== null && pending.until > event.timeStamp ? pending.key : null;
  pending = null;
  if (before !== null && !typing && dispatch(`${before} ${key}`, event, typing)) return;
  if (dispatch(key, event, typing)) return;
  if (!typing && beginsSequence(key)) pending = { key, until: event.timeStamp + SEQUENCE_MS };
}

function dispatch(key: string, event: KeyboardEvent, typing: boolean): boolean {
  for (const layer of [...layers].reverse()) {
    const handler = layer.map()[key];
    if (handler !== undefined && (!typing || layer.whileTyping)) {
      event.preventDefault();
      handler(event);
      return true;
    }
    if (layer.exclusive) return false;
  }
  return false;
}

function beginsSequence(key: string): boolean {
  return layers.some((layer) => Object.keys(layer.map()).some((name) => name.startsWith(`${key} `)));
}

window.addEventListener("keydown", onKeyDown);
