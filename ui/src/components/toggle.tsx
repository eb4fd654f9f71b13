import type { ComponentChildren } from "preact";
import "./toggle.css";

export interface ToggleProps {
  value: boolean;
  onChange: (value: boolean) => void;
  label: ComponentChildren;
  disabled?: boolean;
}

/** Something that is so or is not so. */
export function Toggle({ value, onChange, label, disabled }: ToggleProps) {
  return (
    <label class="toggle">
      <input
        type="checkbox"
        checked={value}
        disabled={disabled}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
      <span>{label}</span>
    </label>
  );
}
