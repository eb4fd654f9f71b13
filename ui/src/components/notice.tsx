import type { ComponentChildren } from "preact";
import { classes } from "./class-names";
import { Icon } from "./icon";
import type { StatusKind } from "./status";
import "./notice.css";

export interface NoticeProps {
  kind?: StatusKind;
  children: ComponentChildren;
}

/** A sentence that the reader should know before the rest. */
export function Notice({ kind = "info", children }: NoticeProps) {
  return (
    <div class={classes("notice", `is-${kind}`)}>
      <Icon name={kind} />
      <div class="notice-text">{children}</div>
    </div>
  );
}
