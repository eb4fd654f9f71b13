import { type ServerState, serverState } from "../api/server";
import { useStore } from "../hooks/store";
import { SCREENS, type Screen } from "../screens";

/** The screens of the rail: those whose part the server has, and all of them while that is not known. */
export function visibleScreens(state: ServerState | null): Screen[] {
  return SCREENS.filter((screen) => {
    if (screen.group === undefined) return false;
    return state === null || screen.needs === undefined || state.has[screen.needs] !== false;
  });
}

export function useVisibleScreens(): Screen[] {
  return visibleScreens(useStore(serverState));
}

/** Whether a screen, or one below it, is the present one. */
export function isCurrent(screen: Screen, path: string): boolean {
  if (screen.path === "/") return path === "/";
  const isBelow = path === screen.path || path.startsWith(`${screen.path}/`);
  // `/explore/metrics` is a screen of its own below `/explore`.
  const closer = SCREENS.some(
    (other) =>
      other !== screen &&
      other.path.length > screen.path.length &&
      !other.path.includes(":") &&
      path.startsWith(other.path),
  );
  return isBelow && !closer;
}
