/** Values of measures as text. */

import { bytes, number, percent, rate, seconds } from "../../format";
import type { Measure, Unit } from "./measures";

/** Writes a value with its unit; what is not known is "no data". */
export function valueText(unit: Unit, value: number | null | undefined): string {
  switch (unit) {
    case "share":
      return percent(value, value !== null && value !== undefined && Math.abs(value) >= 0.1 ? 0 : undefined);
    case "per second":
      return rate(value);
    case "bytes per second":
      return value === null || value === undefined ? bytes(value) : `${bytes(value)}/s`;
    case "count":
      return number(value, 0);
    case "ratio":
      return number(value, 2);
    case "seconds":
      return seconds(value);
  }
}

/** The unit as charts know it. */
export function chartUnit(unit: Unit): string {
  const units: Record<Unit, string> = {
    share: "percent",
    "per second": "/s",
    "bytes per second": "bytes/s",
    count: "",
    ratio: "",
    seconds: "seconds",
  };
  return units[unit];
}

/** From which values on it is a warning and critical; null without thresholds. */
export function thresholdText(measure: Measure): string | null {
  const { warning, critical, unit } = measure;
  const text = (value: number) => (unit === "count" ? String(Math.ceil(value)) : valueText(unit, value));
  if (warning === undefined && critical === undefined) return null;
  if (critical === undefined || warning === critical) {
    return `${critical === undefined ? "warning" : "critical"} from ${text(warning ?? critical ?? 0)}`;
  }
  return `warning from ${text(warning ?? critical)}, critical from ${text(critical)}`;
}
