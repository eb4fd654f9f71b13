// Whether the page moves with the present. The stream of changes and relative time ranges both ask here.

import { createPreference } from "../hooks/preference";
import { useStore } from "../hooks/store";

export const liveSetting = createPreference<"on" | "off">("live", "on", ["on", "off"]);

export function useIsLive(): boolean {
  return useStore(liveSetting) === "on";
}

export function toggleLive(): void {
  liveSetting.set(liveSetting.get() === "on" ? "off" : "on");
}
