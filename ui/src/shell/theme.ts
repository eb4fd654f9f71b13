// Light, dark or high contrast; without a choice as the system has it.

import { createPreference } from "../hooks/preference";

export type Theme = "system" | "light" | "dark" | "contrast";

export const THEMES: readonly Theme[] = ["system", "light", "dark", "contrast"];

export const theme = createPreference<Theme>("theme", "system", THEMES);

/** Puts the choice on the document, now and whenever it changes. */
export function startTheme(): void {
  const apply = () => {
    const chosen = theme.get();
    if (chosen === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = chosen;
  };
  theme.subscribe(apply);
  apply();
}

export function nextTheme(): Theme {
  const next = THEMES[(THEMES.indexOf(theme.get()) + 1) % THEMES.length] ?? "system";
  theme.set(next);
  return next;
}
