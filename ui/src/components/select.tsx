import { useContext } from "preact/hooks";
import { classes } from "./class-names";
import { InField } from "./field";
import "./field.css";

export interface SelectProps<T extends string = string> {
  value: T;
  onChange: (value: T) => void;
  options: readonly (T | { value: T; label: string })[];
  /** The name of the control when it stands in no `Field`. */
  label?: string;
  disabled?: boolean;
  class?: string;
}

export function Select<T extends string = string>({
  value,
  onChange,
  options,
  label,
  disabled,
  ...rest
}: SelectProps<T>) {
  const { id, describedBy, isWrong } = useContext(InField);
  return (
    <select
      id={id}
      class={classes("input", rest.class)}
      value={value}
      disabled={disabled}
      aria-label={label}
      aria-describedby={describedBy}
      aria-invalid={isWrong ? true : undefined}
      onChange={(event) => onChange(event.currentTarget.value as T)}
    >
      {options.map((option) => {
        const { value: own, label: text } = typeof option === "string" ? { value: option, label: option } : option;
        return (
          <option key={own} value={own} selected={own === value}>
            {text}
          </option>
        );
      })}
    </select>
  );
}
