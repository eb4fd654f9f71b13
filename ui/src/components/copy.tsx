import type { ComponentChildren } from "preact";
import { copyText } from "../hooks/clipboard";
import { Button } from "./button";
import { notify } from "./toast";

export interface CopyProps {
  text: string;
  /** What it is: "PromQL". Said when it is copied, and read aloud. */
  label: string;
  /** Words of the button; only an icon without. */
  children?: ComponentChildren;
}

export async function copyAndTell(text: string, label: string): Promise<void> {
  if (await copyText(text)) notify(`${label} copied`);
  else notify(`The browser does not let us copy. Select the text instead.`, "warning");
}

/** Puts a text on the clipboard. */
export function Copy({ text, label, children }: CopyProps) {
  // Words that are seen are the button's name: who speaks to the page says what is seen.
  const spoken = children === undefined ? `Copy ${label}` : undefined;
  return (
    <Button kind="plain" small icon="copy" label={spoken} onPress={() => void copyAndTell(text, label)}>
      {children}
    </Button>
  );
}
