import type { ComponentChildren } from "preact";
import { classes } from "./class-names";
import type { StatusKind } from "./status";
import "./badge.css";

export interface BadgeProps {
  kind?: StatusKind;
  title?: string;
  children: ComponentChildren;
}

/** A short word or count that belongs to what stands beside it. */
export function Badge({ kind, title, children }: BadgeProps) {
  return (
    <span class={classes("badge", kind !== undefined && `is-${kind}`)} title={title}>
      {children}
    </span>
  );
}
