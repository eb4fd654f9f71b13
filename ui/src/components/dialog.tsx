import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { useKeys } from "../hooks/keys";
import { Button } from "./button";
import { classes } from "./class-names";
import "./dialog.css";

export interface DialogProps {
  title: ComponentChildren;
  onClose: () => void;
  /** What it asks cannot be undone. */
  danger?: boolean;
  /** Buttons, the one that does it last. */
  actions?: ComponentChildren;
  class?: string;
  children?: ComponentChildren;
}

/** A question that has to be answered first: the browser keeps the focus inside, Escape closes it. */
export function Dialog({ title, onClose, danger = false, actions, class: extra, children }: DialogProps) {
  const id = useId();
  const box = useRef<HTMLDialogElement>(null);
  useKeys({ Escape: onClose }, { exclusive: true, whileTyping: true });
  useEffect(() => {
    const dialog = box.current;
    const before = document.activeElement;
    if (typeof dialog?.showModal === "function") dialog.showModal();
    else dialog?.setAttribute("open", "");
    firstStop(dialog)?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it with the keyboard
    <dialog
      tabIndex={-1}
      class={classes("dialog", danger && "is-danger", extra)}
      ref={box}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === box.current && onClose()}
    >
      <header class="dialog-head">
        <h2 class="dialog-title" id={id}>
          {title}
        </h2>
        <Button kind="plain" icon="close" label="Close" onPress={() => onClose()} />
      </header>
      <div class="dialog-body">{children}</div>
      {actions !== undefined && <footer class="dialog-actions">{actions}</footer>}
    </dialog>
  );
}

/** What to type or choose, not the button that closes; without anything of the kind the dialog itself. */
function firstStop(dialog: HTMLDialogElement | null): HTMLElement | null {
  const wanted = ".dialog-body :is([autofocus], input, select, textarea):not(:disabled)";
  return dialog?.querySelector<HTMLElement>(wanted) ?? dialog;
}
