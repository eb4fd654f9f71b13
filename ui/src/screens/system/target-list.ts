/** Targets as they are listed: those that are down first, and how many samples each had. */

import type { DroppedTarget, Labels, Target } from "./types";

/** A job's targets in numbers. */
export interface Pool {
  name: string;
  up: number;
  down: number;
  unknown: number;
  dropped: number;
}

const ORDER: Record<Target["health"], number> = { down: 0, unknown: 1, up: 2 };

/** Sorts targets: down, not scraped yet, up; then by job and address. */
export function worstFirst(targets: Target[]): Target[] {
  return [...targets].sort(
    (a, b) =>
      ORDER[a.health] - ORDER[b.health] ||
      a.scrapePool.localeCompare(b.scrapePool) ||
      a.scrapeUrl.localeCompare(b.scrapeUrl),
  );
}

/** Counts targets by job; jobs with something down first. */
export function pools(targets: Target[], droppedCounts: Record<string, number>): Pool[] {
  const found = new Map<string, Pool>();
  const pool = (name: string) => {
    const known = found.get(name) ?? { name, up: 0, down: 0, unknown: 0, dropped: 0 };
    found.set(name, known);
    return known;
  };
  for (const target of targets) pool(target.scrapePool)[target.health] += 1;
  for (const [name, count] of Object.entries(droppedCounts)) pool(name).dropped += count;
  return [...found.values()].sort((a, b) => b.down - a.down || a.name.localeCompare(b.name));
}

/** A text that is the same for the same labels, in whatever order they come. */
export function labelsKey(labels: Labels): string {
  const pairs = Object.entries(labels).filter(([name]) => name !== "__name__");
  return JSON.stringify(pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** Identifies a target: jobs may scrape one address with different labels. */
export function targetKey(target: Target): string {
  return `${target.scrapePool} ${target.scrapeUrl} ${labelsKey(target.labels)}`;
}

/** Says whether a target is one that is looked for: all words, in its labels, its address or its error. */
export function matches(target: Target | DroppedTarget, words: string): boolean {
  const said = [target.scrapePool, labelsText(target.discoveredLabels)];
  if ("labels" in target) said.push(labelsText(target.labels), target.scrapeUrl, target.lastError);
  const text = said.join(" ").toLowerCase();
  return words
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function labelsText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

/** Labels that discovery found and no target keeps are shown first by those that say where it is. */
export function dropReasonLabels(labels: Labels): Labels {
  const shown = Object.entries(labels).filter(
    ([name]) => !name.startsWith("__scrape_") && name !== "__scheme__" && name !== "__metrics_path__",
  );
  return Object.fromEntries(shown);
}
