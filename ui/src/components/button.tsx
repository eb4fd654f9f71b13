import type { ComponentChildren, JSX } from "preact";
import { useKeys } from "../hooks/keys";
import { classes } from "./class-names";
import { Icon, type IconName } from "./icon";
import "./button.css";

export interface ButtonProps {
  /** `primary` once per view at most; `danger` for what cannot be undone; `plain` in bars and rows. */
  kind?: "normal" | "primary" | "danger" | "plain";
  /** The event is absent when the shortcut was used. */
  onPress?: (event?: JSX.TargetedMouseEvent<HTMLButtonElement>) => void;
  /** The key that does the same, shown beside the words. (A prop called `key` never reaches a component.) */
  shortcut?: string;
  icon?: IconName;
  /** Needed when there are no words. */
  label?: string;
  title?: string;
  small?: boolean;
  pressed?: boolean;
  expanded?: boolean;
  popup?: "menu" | "dialog" | "listbox";
  disabled?: boolean;
  type?: "button" | "submit";
  class?: string;
  children?: ComponentChildren;
}

export function Button(props: ButtonProps) {
  const {
    kind = "normal",
    onPress,
    icon,
    label,
    small,
    pressed,
    disabled,
    type = "button",
    shortcut,
    children,
  } = props;
  useKeys(shortcut === undefined || onPress === undefined ? {} : { [shortcut]: () => onPress() }, {
    enabled: shortcut !== undefined && !disabled,
  });
  return (
    <button
      type={type}
      class={classes("button", kind !== "normal" && `is-${kind}`, small && "is-small", props.class)}
      onClick={onPress}
      disabled={disabled}
      title={props.title ?? (children === undefined ? label : undefined)}
      aria-label={label}
      aria-pressed={pressed}
      aria-expanded={props.expanded}
      aria-haspopup={props.popup}
    >
      {icon !== undefined && <Icon name={icon} size={14} />}
      {children}
      {shortcut !== undefined && <kbd>{shortcut}</kbd>}
    </button>
  );
}
