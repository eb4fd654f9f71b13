import { classes } from "./class-names";
import { Icon } from "./icon";
import "./status.css";

export type StatusKind = "ok" | "info" | "warning" | "critical" | "unknown" | "muted";

export interface StatusProps {
  kind: StatusKind;
  /** What it is called: colour and shape alone say nothing to some. */
  word: string;
  class?: string;
}

/** A state: a shape, a word and a colour, always all three. */
export function Status({ kind, word, class: extra }: StatusProps) {
  return (
    <span class={classes("status", `is-${kind}`, extra)}>
      <Icon name={kind} size={14} />
      <span>{word}</span>
    </span>
  );
}
