import { type ComponentChildren, createContext } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "./icon";
import "./field.css";

/** What a field tells the control inside of it. */
export interface FieldContext {
  id?: string;
  describedBy?: string;
  isWrong?: boolean;
}

export const InField = createContext<FieldContext>({});

export interface FieldProps {
  label: ComponentChildren;
  hint?: ComponentChildren;
  /** What is wrong with what was entered, and what would be right. */
  error?: string | null | undefined;
  children: ComponentChildren;
}

/** A control with its name, what helps to fill it in, and what is wrong with it. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const isWrong = error !== undefined && error !== null && error !== "";
  const hasHint = hint !== undefined;
  const describedBy = [hasHint && `${id}-hint`, isWrong && `${id}-error`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      <InField.Provider value={{ id, isWrong, ...(describedBy === "" ? {} : { describedBy }) }}>
        {children}
      </InField.Provider>
      {hasHint && (
        <div class="field-hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      {isWrong && (
        <div class="field-error" id={`${id}-error`} role="alert">
          <Icon name="critical" size={14} />
          <span>{error}</span>
        </div>
      )}
    </div>
  );
}
