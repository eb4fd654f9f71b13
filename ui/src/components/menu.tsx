import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Button, type ButtonProps } from "./button";
import { classes } from "./class-names";
import { Icon, type IconName } from "./icon";
import "./menu.css";

export interface MenuItem {
  title: ComponentChildren;
  onPick: () => void;
  icon?: IconName;
  /** One of several that may be on; the menu stays open. */
  checked?: boolean;
  /** The key that does the same; it is shown, not bound. */
  shortcut?: string;
  danger?: boolean;
  disabled?: boolean;
}

export interface MenuProps extends Pick<ButtonProps, "kind" | "icon" | "small" | "label" | "title"> {
  /** The words of the button. */
  button?: ComponentChildren;
  items: readonly MenuItem[];
  align?: "start" | "end";
}

/** A button that opens a list of things to do. Up and Down move, Escape and a press elsewhere close. */
export function Menu({ button, items, align = "end", ...rest }: MenuProps) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return;
    box.current?.querySelector<HTMLElement>(".menu-item")?.focus();
    const leave = (event: Event) => {
      if (event.target instanceof Node && box.current?.contains(event.target)) return;
      setOpen(false);
    };
    document.addEventListener("pointerdown", leave, true);
    return () => document.removeEventListener("pointerdown", leave, true);
  }, [isOpen]);
  const close = () => {
    setOpen(false);
    box.current?.querySelector<HTMLElement>(".button")?.focus();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the items come up to it
    <div class="menu" ref={box} onKeyDown={(event) => isOpen && onMenuKey(event, close)}>
      <Button {...rest} popup="menu" expanded={isOpen} onPress={() => setOpen(!isOpen)}>
        {button}
      </Button>
      {isOpen && (
        <div class={classes("menu-list", align === "start" && "is-start")} role="menu">
          {items.map((item, index) => (
            <Item key={index} item={item} close={close} />
          ))}
        </div>
      )}
    </div>
  );
}

function Item({ item, close }: { item: MenuItem; close: () => void }) {
  const isCheck = item.checked !== undefined;
  return (
    <button
      type="button"
      class={classes("menu-item", item.danger && "is-danger")}
      {...(isCheck ? { role: "menuitemcheckbox", "aria-checked": item.checked } : { role: "menuitem" })}
      disabled={item.disabled}
      onClick={() => {
        if (!isCheck) close();
        item.onPick();
      }}
    >
      {isCheck && <span class="menu-mark">{item.checked && <Icon name="ok" size={14} />}</span>}
      {item.icon !== undefined && <Icon name={item.icon} size={14} />}
      <span>{item.title}</span>
      {item.shortcut !== undefined && <kbd>{item.shortcut}</kbd>}
    </button>
  );
}

function onMenuKey(event: JSX.TargetedKeyboardEvent<HTMLDivElement>, close: () => void): void {
  const items = [...event.currentTarget.querySelectorAll<HTMLElement>(".menu-item:not(:disabled)")];
  const at = items.indexOf(document.activeElement as HTMLElement);
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (event.key === "Escape") close();
  else if (step !== 0) items[(at + step + items.length) % items.length]?.focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
