// Which proposals come first, and how many are handed to the editor at all.

/** The editor matches every option at every key: more than these are worth neither the time nor a reader's eyes. */
export const OPTIONS_MAX = 1000;

/** What ranks an option. */
export interface Ranked {
  label: string;
  /** `counter`, `gauge`, `histogram` of a metric; a signature of a function; `snippet`. */
  detail?: string;
  type?: string;
  boost?: number;
}

/** How far an option moves in front of others that match equally well: -99 to 99. */
export function boostOf(option: Ranked, typed: string, recent: ReadonlySet<string>): number {
  let boost = option.boost ?? 0;
  // What was asked for lately is most often what is asked for next.
  if (recent.has(option.label)) boost += 20;
  boost += wordBoost(option.label.toLowerCase(), typed.toLowerCase());
  // Snippets explain themselves to a beginner and stand in everybody else's way.
  if (option.detail === "snippet") boost -= 40;
  // The parts of a histogram that one rarely wants alone.
  if (/_(sum|created)$/.test(option.label)) boost -= 5;
  return Math.max(-99, Math.min(99, boost));
}

/** Parts of a name are words: `plimsoll_dur` means a duration, not a `d`, a `u` and an `r` somewhere. */
function wordBoost(label: string, typed: string): number {
  const words = typed.split("_").filter(Boolean);
  if (words.length === 0) return 0;
  if (label.startsWith(typed)) return 40;
  if (words.every((word) => label.startsWith(word) || label.includes(`_${word}`))) return 30;
  return words.every((word) => label.includes(word)) ? 15 : 0;
}

/**
 * The options that are proposed, each with its boost. Of too many the first are kept: the server has ranked the names,
 * and `isWhole` says that the rest is asked for when more is typed.
 */
export function ranked<T extends Ranked>(
  options: readonly T[],
  typed: string,
  recent: ReadonlySet<string>,
): { options: T[]; isWhole: boolean } {
  const kept = options.slice(0, OPTIONS_MAX);
  const boosted = kept.map((option) => ({ ...option, boost: boostOf(option, typed, recent) }));
  return { options: boosted, isWhole: options.length <= OPTIONS_MAX };
}

/** The names of metrics and functions in expressions. */
export function namesIn(expressions: readonly string[]): Set<string> {
  const names = new Set<string>();
  for (const expression of expressions) {
    // What stands in quotes is a value of a label.
    const bare = expression.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`/g, '""');
    for (const [name] of bare.matchAll(/[a-zA-Z_:][a-zA-Z0-9_:.]*/g)) names.add(name);
  }
  return names;
}
