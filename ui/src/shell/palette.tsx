import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { serverState } from "../api/server";
import { classes } from "../components/class-names";
import { Dialog } from "../components/dialog";
import { exploreUrl } from "../components/evidence";
import { Icon } from "../components/icon";
import { useLoad } from "../hooks/load";
import { useStore } from "../hooks/store";
import { navigate } from "../router/location";
import { fuzzyScore } from "./fuzzy";
import type { OverlayContentProps } from "./overlay";
import { actionEntries, type Entry, remoteEntries, screenEntries } from "./palette-entries";
import { useVisibleScreens } from "./visible";
import "./palette.css";

const SHOWN_MAX = 50;

/** Goes anywhere by its name. */
export default function Palette({ close }: OverlayContentProps) {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const entries = useEntries();
  const found = useMemo(() => best(entries.all, typed), [entries.all, typed]);
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => list.current?.children[at]?.scrollIntoView?.({ block: "nearest" }), [at]);
  const run = (entry: Entry | undefined) => {
    if (entry === undefined) return;
    close();
    entry.run();
  };
  const onKeyDown = (event: JSX.TargetedKeyboardEvent<HTMLInputElement>) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0) setAt((at + step + found.length) % Math.max(1, found.length));
    else if (event.key === "Enter") run(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title="Go to" onClose={close} class="palette">
      <input
        class="input palette-input"
        role="combobox"
        aria-label="Go to or search"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={found.length > 0 ? `palette-${at}` : undefined}
        placeholder="A screen, service, SLO, alert, metric or action"
        autocomplete="off"
        spellcheck={false}
        autoFocus
        value={typed}
        onInput={(event) => {
          setTyped(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div class="palette-list" id="palette-list" role="listbox" aria-label="Found" ref={list}>
        {found.map((entry, index) => (
          <Row key={entry.id} entry={entry} index={index} isAt={index === at} run={run} point={setAt} />
        ))}
      </div>
      <p class="palette-foot" role="status">
        {found.length === 0 && !entries.isLoading && "Nothing is called so."}
        {entries.isLoading && "Looking at what the server has"}
      </p>
    </Dialog>
  );
}

interface RowProps {
  entry: Entry;
  index: number;
  isAt: boolean;
  run: (entry: Entry) => void;
  point: (index: number) => void;
}

function Row({ entry, index, isAt, run, point }: RowProps) {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the focus and handles Enter
    // biome-ignore lint/a11y/useFocusableInteractive: it is pointed at with aria-activedescendant
    <div
      id={`palette-${index}`}
      class={classes("palette-row", isAt && "is-at")}
      role="option"
      aria-selected={isAt}
      onClick={() => run(entry)}
      onPointerMove={() => point(index)}
    >
      <Icon name={entry.icon} size={14} />
      <span class="palette-title">{entry.title}</span>
      <span class="palette-kind">{entry.kind}</span>
      {entry.shortcut !== undefined && <kbd>{entry.shortcut}</kbd>}
    </div>
  );
}

function useEntries(): { all: Entry[]; isLoading: boolean } {
  const screens = useVisibleScreens();
  const state = useStore(serverState);
  const remote = useLoad(remoteEntries, []);
  const all = useMemo(
    () => [...screenEntries(screens), ...actionEntries(state?.has.alerting !== false), ...(remote.data ?? [])],
    [screens.length, state, remote.data],
  );
  return { all, isLoading: remote.isLoading };
}

/** What fits best first; without anything typed screens and actions. What looks like PromQL can be asked. */
export function best(entries: readonly Entry[], typed: string): Entry[] {
  if (typed.trim() === "")
    return entries.filter(({ kind }) => kind === "Screen" || kind === "Action").slice(0, SHOWN_MAX);
  const scored = entries
    .map((entry) => ({ entry, score: scoreOf(entry, typed) }))
    .filter(({ score }) => score >= 0)
    .sort((left, right) => right.score - left.score)
    .slice(0, SHOWN_MAX)
    .map(({ entry }) => entry);
  return /[{(]/.test(typed) ? [askEntry(typed), ...scored] : scored;
}

function scoreOf(entry: Entry, typed: string): number {
  const score = Math.max(fuzzyScore(typed, entry.title), entry.more ? fuzzyScore(typed, entry.more) - 50 : -1);
  // Of what fits equally well there are more metrics than anything else.
  return entry.kind === "Metric" && score > 0 ? Math.max(0, score - 100) : score;
}

function askEntry(typed: string): Entry {
  return {
    id: "ask",
    title: `Ask ${typed}`,
    kind: "Explore",
    icon: "explore",
    run: () => navigate(exploreUrl(typed)),
  };
}
