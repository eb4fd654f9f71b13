import { liveCounts, useLiveState } from "../api/live";
import { Button } from "../components/button";
import { Icon } from "../components/icon";
import { Logo } from "../components/logo";
import { Menu } from "../components/menu";
import { Status } from "../components/status";
import { useStore } from "../hooks/store";
import { Link } from "../router/link";
import { toggleLive, useIsLive } from "../time/live";
import { toggleZone, useZone } from "../time/zone";
import type { OverlayName } from "./overlay";
import { RangePicker } from "./range-picker";
import { THEMES, type Theme, theme } from "./theme";
import "./top-bar.css";

export function TopBar({ open }: { open: (name: OverlayName) => void }) {
  return (
    <header class="topbar">
      <Link class="topbar-brand" to="/" aria-label="Plimsoll">
        <Logo />
      </Link>
      <button
        type="button"
        class="topbar-search"
        aria-haspopup="dialog"
        // The name where a narrow screen hides the words.
        title="Go to or search"
        onClick={() => open("palette")}
      >
        <Icon name="search" size={14} />
        <span>Go to or search</span>
        <kbd>Ctrl K</kbd>
      </button>
      <Firing />
      <RangePicker />
      <LiveToggle />
      <ZoneToggle />
      <ThemeMenu />
      <Button class="topbar-help" kind="plain" icon="help" label="Keyboard help (?)" onPress={() => open("help")} />
    </header>
  );
}

function Firing() {
  const { firing } = useStore(liveCounts);
  if (firing === undefined) return <span class="topbar-firing" />;
  return (
    <Link class="topbar-firing" to="/alerts">
      <Status kind={firing > 0 ? "critical" : "ok"} word={firing > 0 ? `${firing} firing` : "None firing"} />
    </Link>
  );
}

const LIVE_WORDS = { on: "Live", connecting: "Live", waiting: "Reconnecting", off: "Paused" } as const;

function LiveToggle() {
  const isLive = useIsLive();
  const state = useLiveState();
  const word = isLive ? LIVE_WORDS[state === "off" ? "connecting" : state] : LIVE_WORDS.off;
  return (
    <Button
      class={`topbar-live is-${isLive ? state : "off"}`}
      kind="plain"
      icon={isLive ? "live" : "pause"}
      pressed={isLive}
      title="Live: the page moves with what happens ( . )"
      onPress={toggleLive}
    >
      <span class="topbar-word">{word}</span>
    </Button>
  );
}

function ZoneToggle() {
  const zone = useZone();
  return (
    <Button kind="plain" title="Times in UTC, or as this machine has them" onPress={toggleZone}>
      <span class="topbar-zone">{zone === "utc" ? "UTC" : "Local"}</span>
    </Button>
  );
}

const THEME_WORDS: Record<Theme, string> = {
  system: "As the system",
  light: "Light",
  dark: "Dark",
  contrast: "High contrast",
};

function ThemeMenu() {
  const chosen = useStore(theme);
  return (
    <Menu
      kind="plain"
      icon="theme"
      label="Theme"
      items={THEMES.map((name) => ({
        title: THEME_WORDS[name],
        checked: name === chosen,
        onPick: () => theme.set(name),
      }))}
    />
  );
}
