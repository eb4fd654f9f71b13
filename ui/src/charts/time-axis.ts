// The words below a chart.

import { formatClock, formatDay } from "../time/format";
import type { Zone } from "../time/zone";

/**
 * The text of each tick (seconds since 1970) when ticks are so many seconds apart: days, or the time of day; with the day
 * below the first tick and wherever a new one begins.
 */
export function tickTexts(ticks: readonly number[], apart: number, zone: Zone): string[] {
  let lastDay = "";
  return ticks.map((tick, index) => {
    const day = formatDay(tick * 1000, zone);
    if (apart >= 86_400) return day;
    const clock = formatClock(tick * 1000, zone, apart < 60);
    const isNewDay = day !== lastDay && (index > 0 || ticks.length > 1);
    lastDay = day;
    return isNewDay ? `${clock}\n${day}` : clock;
  });
}
