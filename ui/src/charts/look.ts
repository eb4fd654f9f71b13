import { useEffect, useState } from "preact/hooks";
import { useStore } from "../hooks/store";
import { theme } from "../shell/theme";

/** Changes with the theme, the one of the system included: canvases are then drawn anew. */
export function useLook(): string {
  const chosen = useStore(theme);
  const [isDark, setDark] = useState(() => dark()?.matches ?? false);
  useEffect(() => {
    const query = dark();
    const change = () => setDark(query?.matches ?? false);
    query?.addEventListener("change", change);
    return () => query?.removeEventListener("change", change);
  }, []);
  return `${chosen} ${isDark}`;
}

function dark(): MediaQueryList | undefined {
  return window.matchMedia?.("(prefers-color-scheme: dark)");
}
