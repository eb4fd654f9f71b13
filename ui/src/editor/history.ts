// The queries that were run in this browser, newest first.

const KEY = "plimsoll.queries";

/** More than a menu can show, and few enough to be read and written at every run. */
export const HISTORY_MAX = 100;
/** A longer expression is not kept: a history is for what one remembers. */
export const LENGTH_MAX = 4000;

export function queries(storage: Storage | null = browser()): string[] {
  try {
    const kept: unknown = JSON.parse(storage?.getItem(KEY) ?? "[]");
    if (!Array.isArray(kept)) return [];
    return kept.filter((entry): entry is string => typeof entry === "string").slice(0, HISTORY_MAX);
  } catch {
    return [];
  }
}

/** Puts an expression first; one that was there already moves. */
export function remember(expression: string, storage: Storage | null = browser()): string[] {
  const plain = expression.trim();
  const before = queries(storage);
  if (plain === "" || plain.length > LENGTH_MAX) return before;
  const after = [plain, ...before.filter((entry) => entry !== plain)].slice(0, HISTORY_MAX);
  try {
    storage?.setItem(KEY, JSON.stringify(after));
  } catch {
    // A full or forbidden storage costs the history and nothing else.
  }
  return after;
}

export function forget(storage: Storage | null = browser()): void {
  try {
    storage?.removeItem(KEY);
  } catch {
    // What cannot be written cannot be removed either.
  }
}

/** Entries that contain all words of a text, in any order and case. */
export function matching(entries: readonly string[], text: string): string[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return entries.filter((entry) => words.every((word) => entry.toLowerCase().includes(word)));
}

function browser(): Storage | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}
