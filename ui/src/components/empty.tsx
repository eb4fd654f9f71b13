import type { ComponentChildren } from "preact";
import "./empty.css";

export interface EmptyProps {
  title: string;
  /** Sentences: why there is nothing, and what to do about it. */
  lines?: ComponentChildren[];
  actions?: ComponentChildren;
  children?: ComponentChildren;
}

/** A place without content teaches how to fill it. */
export function Empty({ title, lines = [], actions, children }: EmptyProps) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {lines.map((line, index) => (
        <p key={index}>{line}</p>
      ))}
      {children}
      {actions !== undefined && <div class="row">{actions}</div>}
    </div>
  );
}
