// The range of values a chart shows.

/** Room above and below the curves, as a share of what they span. */
const ROOM = 0.08;

/**
 * From the lowest to the highest value and line. It begins at 0 when the values come near it anyway, so that heights can
 * be compared; values that only move far above 0 (a share of 99.9 %) keep their detail.
 */
export function valueRange(low: number | null, high: number | null, lines: readonly number[]): [number, number] {
  const known = [low, high, ...lines].filter((value): value is number => value !== null && Number.isFinite(value));
  if (known.length === 0) return [0, 1];
  const least = Math.min(...known);
  const highest = Math.max(...known);
  if (least === highest) return flat(least);
  const room = (highest - least) * ROOM;
  const fromZero = least >= 0 && least < highest * 0.6;
  return [fromZero ? 0 : least - room, highest <= 0 && least < 0 ? Math.min(0, highest + room) : highest + room];
}

function flat(value: number): [number, number] {
  if (value === 0) return [0, 1];
  return value > 0 ? [0, value * 1.25] : [value * 1.25, 0];
}
