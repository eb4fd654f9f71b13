import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import "./tooltip.css";

export interface TooltipProps {
  text: ComponentChildren;
  children: ComponentChildren;
}

/** A few more words for who points at something or moves the focus to it. Never the only place of what matters. */
export function Tooltip({ text, children }: TooltipProps) {
  const id = useId();
  return (
    <span class="tooltip" aria-describedby={id}>
      {children}
      <span class="tooltip-text" role="tooltip" id={id}>
        {text}
      </span>
    </span>
  );
}
