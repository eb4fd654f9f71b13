import { useKeys } from "../hooks/keys";
import { navigate } from "../router/location";
import { SCREENS } from "../screens";
import { toggleLive } from "../time/live";
import { shiftRange, useTimeRange } from "../time/range";
import type { OverlayName } from "./overlay";

/** The keys that work everywhere. What a screen binds comes before them. */
export function GlobalKeys({ open }: { open: (name: OverlayName) => void }) {
  const range = useTimeRange();
  const go = Object.fromEntries(
    SCREENS.filter((screen) => screen.go !== undefined).map((screen) => [
      `g ${screen.go}`,
      () => navigate(screen.path),
    ]),
  );
  useKeys({ "ctrl+k": () => open("palette") }, { whileTyping: true });
  useKeys({
    ...go,
    "?": () => open("help"),
    t: () => document.querySelector<HTMLElement>(".range-picker .button.is-range")?.click(),
    "[": () => shiftRange(range, -1),
    "]": () => shiftRange(range, 1),
    ".": toggleLive,
  });
  return null;
}
