// The plan of a query as lines of a table: each operator with what it cost by itself, children below their parents.

import type { PlanNode } from "./ask";

export interface PlanLine {
  /** The way from the root, such as `0.1.0`. */
  id: string;
  depth: number;
  operator: string;
  position: string | null;
  notes: string[];
  series: number | null;
  samples: number | null;
  seconds: number | null;
  /** Of the seconds of all operators; null when nothing was measured. */
  share: number | null;
  peakBytes: number | null;
  seriesRead: number | null;
  samplesRead: number | null;
  blocksRead: number | null;
  blocksSkipped: number | null;
  hasChildren: boolean;
  /** The operator that took longest, when it took a fifth of the time or more. */
  isSlowest: boolean;
}

/** All lines, parents before children. */
export function linesOf(root: PlanNode): PlanLine[] {
  const lines: PlanLine[] = [];
  const total = totalSeconds(root);
  collect(root, "0", 0, total, lines);
  const slowest = lines.reduce(
    (best, line) => ((line.seconds ?? 0) > (best.seconds ?? 0) ? line : best),
    lines[0] as PlanLine,
  );
  if ((slowest.share ?? 0) >= 0.2 && lines.length > 1) slowest.isSlowest = true;
  return lines;
}

function collect(node: PlanNode, id: string, depth: number, total: number, lines: PlanLine[]): void {
  const seconds = node.seconds ?? null;
  lines.push({
    id,
    depth,
    operator: node.operator,
    position: node.position ?? null,
    notes: node.notes ?? [],
    series: node.series ?? null,
    samples: node.samples ?? null,
    seconds,
    share: seconds === null || total === 0 ? null : seconds / total,
    peakBytes: node.peakBytes ?? null,
    seriesRead: node.seriesRead ?? null,
    samplesRead: node.samplesRead ?? null,
    blocksRead: node.blocksRead ?? null,
    blocksSkipped: node.blocksSkipped ?? null,
    hasChildren: (node.children ?? []).length > 0,
    isSlowest: false,
  });
  node.children?.forEach((child, index) => {
    collect(child, `${id}.${index}`, depth + 1, total, lines);
  });
}

function totalSeconds(node: PlanNode): number {
  return (node.seconds ?? 0) + (node.children ?? []).reduce((sum, child) => sum + totalSeconds(child), 0);
}

/** The lines that are seen when some are folded: nothing below a folded one. */
export function visible(lines: readonly PlanLine[], folded: ReadonlySet<string>): PlanLine[] {
  return lines.filter((line) => {
    for (let end = line.id.lastIndexOf("."); end > 0; end = line.id.lastIndexOf(".", end - 1)) {
      if (folded.has(line.id.slice(0, end))) return false;
    }
    return true;
  });
}

/** What a folded line hides, added to its own: its time and what was read below it. */
export function foldedCost(lines: readonly PlanLine[], id: string): { seconds: number; samplesRead: number } {
  const below = lines.filter((line) => line.id === id || line.id.startsWith(`${id}.`));
  return {
    seconds: below.reduce((sum, line) => sum + (line.seconds ?? 0), 0),
    samplesRead: below.reduce((sum, line) => sum + (line.samplesRead ?? 0), 0),
  };
}
