import { liveCounts, useLiveState } from "../api/live";
import { serverState } from "../api/server";
import { classes } from "../components/class-names";
import { Icon } from "../components/icon";
import { Logo } from "../components/logo";
import { useStore } from "../hooks/store";
import { Link } from "../router/link";
import { place } from "../router/location";
import type { Screen } from "../screens";
import { isCurrent, useVisibleScreens } from "./visible";
import "./rail.css";

/** The marks on the hull: one line with a tick for each screen. On a phone it is a bar at the bottom. */
export function Rail({ openMenu }: { openMenu: () => void }) {
  return (
    <aside class="rail" aria-label="Plimsoll">
      <Link class="rail-brand" to="/">
        <Logo />
        <span>Plimsoll</span>
      </Link>
      <Marks />
      <PhoneBar openMenu={openMenu} />
      <Server />
    </aside>
  );
}

export function Marks() {
  const screens = useVisibleScreens();
  const groups = [...new Set(screens.map((screen) => screen.group))];
  return (
    <nav class="marks" aria-label="Screens">
      {groups.map((group) => (
        <section key={group} class="marks-group" aria-label={group}>
          <p class="marks-title" aria-hidden="true">
            {group}
          </p>
          <ul>
            {screens
              .filter((screen) => screen.group === group)
              .map((screen) => (
                <Mark key={screen.path} screen={screen} />
              ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function Mark({ screen }: { screen: Screen }) {
  const { path } = useStore(place);
  const here = isCurrent(screen, path);
  return (
    <li>
      <Link
        class="mark"
        to={screen.path}
        aria-current={here ? "page" : undefined}
        title={screen.go === undefined ? undefined : `g ${screen.go}`}
      >
        <span class="mark-word">{screen.title}</span>
        <Count of={screen.count} />
      </Link>
    </li>
  );
}

const MEANING = {
  firing: "firing",
  slosCritical: "critical",
  targetsDown: "targets down",
  endpointsDown: "endpoints down",
} as const;

function Count({ of }: { of: Screen["count"] }) {
  const counts = useStore(liveCounts);
  const count = of === undefined ? undefined : counts[of];
  if (of === undefined || count === undefined || count === 0) return null;
  return (
    <span class={classes("mark-count", of === "firing" && "is-loud")} title={MEANING[of]}>
      {count}
      <span class="unseen"> {MEANING[of]}</span>
    </span>
  );
}

const ON_PHONE = ["/", "/slos", "/alerts", "/explore"];

function PhoneBar({ openMenu }: { openMenu: () => void }) {
  const { path } = useStore(place);
  const screens = useVisibleScreens().filter((screen) => ON_PHONE.includes(screen.path));
  return (
    <nav class="phone-bar" aria-label="Main screens">
      {screens.map((screen) => (
        <Link
          class="phone-item"
          key={screen.path}
          to={screen.path}
          aria-current={isCurrent(screen, path) ? "page" : undefined}
        >
          <Icon name={screen.icon} size={20} />
          <span>{screen.title}</span>
          <Count of={screen.count} />
        </Link>
      ))}
      <button type="button" class="phone-item" aria-haspopup="dialog" onClick={openMenu}>
        <Icon name="menu" size={20} />
        <span>More</span>
      </button>
    </nav>
  );
}

function Server() {
  const state = useStore(serverState);
  const live = useLiveState();
  return (
    <div class="rail-server">
      {live === "waiting" && <p class="rail-lost">Live data stopped, trying again</p>}
      {state !== null && (
        <Link to="/system?tab=about" title={`Revision ${state.revision}`}>
          {state.version}
        </Link>
      )}
    </div>
  );
}
