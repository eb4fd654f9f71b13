import type { ComponentChildren } from "preact";
import { NO_DATA } from "../format";
import { Link } from "../router/link";
import { classes } from "./class-names";
import { Evidence } from "./evidence";
import { Status, type StatusKind } from "./status";
import "./tile.css";

export interface TileProps {
  label: string;
  /** Formatted. `null` is shown as "no data". */
  value: ComponentChildren | null;
  unit?: string;
  status?: { kind: StatusKind; word: string };
  /** Where the number comes from: a screen. */
  to?: string;
  /** Where the number comes from: PromQL. With `to` as well, the tile leads to the screen. */
  evidence?: string | null;
  /** A line below the number. */
  sub?: ComponentChildren;
  children?: ComponentChildren;
}

/** One number with its name. */
export function Tile({ label, value, unit, status, to, evidence, sub, children }: TileProps) {
  const isAbsent = value === null || value === NO_DATA;
  const body = (
    <>
      <span class="tile-label">
        <span>{label}</span>
        {to === undefined && evidence && <Evidence query={evidence} />}
      </span>
      <span class={classes("tile-value", isAbsent && "is-absent")}>
        {isAbsent ? NO_DATA : value}
        {!isAbsent && unit !== undefined && <span class="tile-unit">{unit}</span>}
      </span>
      {status !== undefined && <Status {...status} />}
      {sub !== undefined && <span class="dim">{sub}</span>}
      {children}
    </>
  );
  return to === undefined ? (
    <div class="tile">{body}</div>
  ) : (
    <Link class="tile" to={to}>
      {body}
    </Link>
  );
}
