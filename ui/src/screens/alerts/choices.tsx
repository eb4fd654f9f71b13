import type { ComponentChildren } from "preact";
import "./shared.css";

/** Buttons of which some may be pressed, with a name for readers of the screen. */
export function Choices({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <fieldset class="choices" aria-label={label}>
      {children}
    </fieldset>
  );
}
