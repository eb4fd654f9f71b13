// Which clock times are told by. UTC is the default, because that is what logs and colleagues elsewhere have.

import { createPreference } from "../hooks/preference";
import { useStore } from "../hooks/store";

export type Zone = "utc" | "local";

export const zone = createPreference<Zone>("zone", "utc", ["utc", "local"]);

export function useZone(): Zone {
  return useStore(zone);
}

export function toggleZone(): void {
  zone.set(zone.get() === "utc" ? "local" : "utc");
}
