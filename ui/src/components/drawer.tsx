import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { useKeys } from "../hooks/keys";
import { Button } from "./button";
import { classes } from "./class-names";
import "./drawer.css";

export interface DrawerProps {
  title: ComponentChildren;
  onClose: () => void;
  actions?: ComponentChildren;
  wide?: boolean;
  children?: ComponentChildren;
}

/** Detail beside a list. The list stays usable: j and k move on while the drawer follows. Escape closes it. */
export function Drawer({ title, onClose, actions, wide = false, children }: DrawerProps) {
  const id = useId();
  const box = useRef<HTMLElement>(null);
  useKeys({ Escape: onClose });
  useEffect(() => {
    const before = document.activeElement;
    box.current?.focus({ preventScroll: true });
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <aside class={classes("drawer", wide && "is-wide")} ref={box} tabIndex={-1} aria-labelledby={id}>
      <header class="drawer-head">
        <h2 class="drawer-title" id={id}>
          {title}
        </h2>
        {actions}
        <Button kind="plain" icon="close" label="Close" onPress={() => onClose()} />
      </header>
      <div class="drawer-body">{children}</div>
    </aside>
  );
}
