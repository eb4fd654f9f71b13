export { Time } from "../components/time";
export { useNow } from "./clock";
export {
  formatClock,
  formatDay,
  formatDuration,
  formatRelative,
  formatTime,
  type Instant,
  toMilliseconds,
} from "./format";
export { liveSetting, toggleLive, useIsLive } from "./live";
export { parseDuration, parseTime, timeText } from "./parse";
export { refreshRange, resolve, setRange, shiftRange, stepFor, type TimeRange, useTimeRange } from "./range";
export { toggleZone, useZone, type Zone, zone } from "./zone";
