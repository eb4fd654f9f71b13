import type { JSX, Ref } from "preact";
import { useContext } from "preact/hooks";
import { classes } from "./class-names";
import { InField } from "./field";
import "./field.css";

export interface InputProps {
  value: string;
  onInput: (value: string) => void;
  /** Enter. */
  onEnter?: () => void;
  onBlur?: () => void;
  /** The name of the control when it stands in no `Field`. */
  label?: string;
  type?: "text" | "number" | "search" | "datetime-local" | "date" | "time" | "password" | "url";
  placeholder?: string;
  /** More lines than one. */
  rows?: number;
  min?: number | string;
  max?: number | string;
  step?: number | string;
  /** The id of a datalist with suggestions. */
  list?: string;
  disabled?: boolean;
  autofocus?: boolean;
  class?: string;
  inputRef?: Ref<HTMLInputElement>;
  onKeyDown?: (event: JSX.TargetedKeyboardEvent<HTMLInputElement>) => void;
}

export function Input(props: InputProps) {
  const { value, onInput, onEnter, label, rows, type = "text", onKeyDown } = props;
  const { id, describedBy, isWrong } = useContext(InField);
  const shared = {
    id,
    "aria-label": label,
    "aria-describedby": describedBy,
    "aria-invalid": isWrong ? true : undefined,
    value,
    placeholder: props.placeholder,
    disabled: props.disabled,
    autoFocus: props.autofocus,
    onBlur: props.onBlur,
    spellcheck: false,
  };
  if (rows !== undefined) {
    return (
      <textarea
        {...shared}
        class={classes("input", props.class)}
        rows={rows}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    );
  }
  return (
    <input
      {...shared}
      ref={props.inputRef}
      class={classes("input", props.class)}
      type={type}
      min={props.min}
      max={props.max}
      step={props.step}
      list={props.list}
      autocomplete="off"
      autocapitalize="off"
      onInput={(event) => onInput(event.currentTarget.value)}
      onKeyDown={(event) => {
        onKeyDown?.(event);
        if (event.key === "Enter" && !event.isComposing && onEnter !== undefined) {
          event.preventDefault();
          onEnter();
        }
      }}
    />
  );
}
