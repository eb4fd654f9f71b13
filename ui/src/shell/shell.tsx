// What stands around every screen.

import { useCallback, useEffect, useState } from "preact/hooks";
import { startLive, useLiveState } from "../api/live";
import { loadServerState } from "../api/server";
import { ErrorNote } from "../components/error-note";
import { Toasts } from "../components/toast";
import { place } from "../router/location";
import { useMovingRange } from "../time/range";
import { GlobalKeys } from "./global-keys";
import { Overlay, type OverlayName } from "./overlay";
import { Rail } from "./rail";
import { CurrentScreen } from "./screen";
import { TopBar } from "./top-bar";
import "./shell.css";

export function Shell() {
  const [overlay, setOverlay] = useState<OverlayName | null>(null);
  const close = useCallback(() => setOverlay(null), []);
  useMovingRange();
  useEffect(startLive, []);
  useServerState();
  useEffect(() => place.subscribe(close), [close]);
  return (
    <div class="shell">
      {/* biome-ignore lint/a11y/useValidAnchor: it moves the focus within the page */}
      <a class="skip" href="#main" onClick={skipToMain}>
        Skip to the content
      </a>
      <Rail openMenu={() => setOverlay("menu")} />
      <TopBar open={setOverlay} />
      <main id="main" class="main" tabIndex={-1}>
        <CurrentScreen />
      </main>
      <GlobalKeys open={setOverlay} />
      {overlay !== null && <Overlay name={overlay} close={close} fallback={OverlayFailed} />}
      <Toasts />
    </div>
  );
}

/** The hash of an address may belong to Alertmanager; so the link does not change it. */
function skipToMain(event: Event): void {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** Asks what the server has; again whenever the stream of changes comes back, for it may be another version then. */
function useServerState(): void {
  const isOn = useLiveState() === "on";
  useEffect(() => {
    const control = new AbortController();
    loadServerState(control.signal).catch(() => {
      // Screens show their own errors; the rail then shows everything.
    });
    return () => control.abort();
  }, [isOn]);
}

function OverlayFailed() {
  return <ErrorNote error={new Error("this part could not be loaded; load the page anew")} />;
}
