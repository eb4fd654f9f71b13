import type { ComponentChildren } from "preact";
import { NO_DATA } from "../format";
import { classes } from "./class-names";
import type { StatusKind } from "./status";
import "./big-number.css";

export interface BigNumberProps {
  label: string;
  /** Formatted. `null` is shown as "no data". */
  value: string | null;
  unit?: string;
  kind?: StatusKind;
  /** What it means, in a few words. */
  sub?: ComponentChildren;
}

/** The number that a screen is about. */
export function BigNumber({ label, value, unit, kind, sub }: BigNumberProps) {
  const isAbsent = value === null || value === NO_DATA;
  return (
    <div class="big-number">
      <span class="big-number-label">{label}</span>
      <span class={classes("big-number-value", isAbsent ? "is-absent" : kind !== undefined && `is-${kind}`)}>
        {isAbsent ? NO_DATA : value}
        {!isAbsent && unit !== undefined && <span class="big-number-unit">{unit}</span>}
      </span>
      {sub !== undefined && <span class="dim">{sub}</span>}
    </div>
  );
}
