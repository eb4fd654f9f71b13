/** Requests as they end. What is shown was written by strangers: it is text, and nothing else. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { GatewayRoute as Route } from "../../api/types";
import { Button } from "../../components/button";
import { Copy } from "../../components/copy";
import { Empty } from "../../components/empty";
import { ErrorNote } from "../../components/error-note";
import { Status } from "../../components/status";
import { number } from "../../format";
import { useKeys } from "../../hooks/keys";
import { setQuery, useRoute } from "../../router";
import { TapFilterBar } from "./tap-filter";
import { filterOf, NOTHING_KEPT, parametersOf, type TapFilter, type TapRequest } from "./tap-lines";
import { TapDrawer, TapTable } from "./tap-list";
import { KEPT_MAX, TapReader, type TapShown, type TapState } from "./tap-stream";
import { tapCommand } from "./tap-words";

export function TapTab({ routes }: { routes: Route[] | undefined }) {
  const { query } = useRoute();
  const filter = filterOf(query);
  const { shown, clear } = useTap(parametersOf(filter).toString());
  const [frozen, setFrozen] = useState<TapShown["kept"] | null>(null);
  const [open, setOpen] = useState<TapRequest | null>(null);
  const pause = () => setFrozen(frozen === null ? shown.kept : null);
  useKeys({ p: pause }, { help: { p: "pause the tap, and go on" } });
  const kept = frozen ?? shown.kept;
  const forget = () => {
    setFrozen(null);
    clear();
  };
  return (
    <>
      <TapFilterBar filter={filter} routes={routes ?? []} onChange={setFilter} />
      <div class="row tap-bar">
        <Button small icon={frozen ? "live" : "pause"} pressed={frozen !== null} onPress={pause}>
          {frozen ? "Go on" : "Pause"}
        </Button>
        <Button small onPress={forget}>
          Clear
        </Button>
        <Copy text={tapCommand(filter)} label="Command">
          Copy as command
        </Copy>
        <Counts kept={shown.kept} shown={kept.requests.length} since={frozen ? shown.kept.seen - frozen.seen : null} />
        <StateWord state={shown.state} />
      </div>
      {shown.state.kind === "broken" && <ErrorNote error={shown.state.error} />}
      {kept.requests.length === 0 ? (
        <Waiting filter={filter} />
      ) : (
        <TapTable requests={kept.requests} open={open} onOpen={setOpen} />
      )}
      {open && (
        <TapDrawer
          request={open}
          onClose={() => setOpen(null)}
          onFilter={(name, value) => setFilter({ ...filter, [name]: value })}
        />
      )}
    </>
  );
}

/** Writes a filter into the address; the other parameters of the page stay. */
function setFilter(filter: TapFilter): void {
  const parameters = parametersOf(filter);
  const changes: Record<string, string | string[] | null> = {};
  for (const name of FILTER_NAMES) {
    const values = parameters.getAll(name);
    changes[name] = values.length === 0 ? null : name === "class" ? values : (values[0] ?? null);
  }
  setQuery(changes);
}

const FILTER_NAMES = [
  "route",
  "backend",
  "endpoint",
  "class",
  "reason",
  "status",
  "method",
  "path_prefix",
  "client",
  "criticality",
  "at_least",
  "trace_id",
];

const NOTHING_SHOWN: TapShown = { kept: NOTHING_KEPT, state: { kind: "connecting" } };

/** Reads the tap while this is shown and the tab is looked at. */
function useTap(parameters: string): { shown: TapShown; clear: () => void } {
  const [shown, setShown] = useState(NOTHING_SHOWN);
  const reader = useRef<TapReader | null>(null);
  useEffect(() => {
    let isShown = true;
    const own = new TapReader((next) => {
      if (isShown) setShown(next);
    });
    reader.current = own;
    own.clear();
    const settle = () => {
      if (document.visibilityState === "hidden") own.stop();
      else own.start(new URLSearchParams(parameters));
    };
    settle();
    document.addEventListener("visibilitychange", settle);
    return () => {
      isShown = false;
      document.removeEventListener("visibilitychange", settle);
      own.stop();
    };
  }, [parameters]);
  return { shown, clear: () => reader.current?.clear() };
}

function StateWord({ state }: { state: TapState }) {
  switch (state.kind) {
    case "connecting":
      return <Status kind="info" word="connecting" />;
    case "streaming":
      return <Status kind="ok" word="streaming" />;
    case "broken":
      return <Status kind="warning" word="broken off, is tried again" />;
    case "stopped":
      return <Status kind="muted" word="stopped" />;
  }
}

function Counts({ kept, shown, since }: { kept: TapShown["kept"]; shown: number; since: number | null }) {
  return (
    <span class="dim">
      {number(kept.seen)} seen, the last {shown} shown (at most {KEPT_MAX})
      {since !== null && since > 0 && `, ${number(since)} since the pause`}
      {kept.unreadable > 0 && `, ${number(kept.unreadable)} lines unreadable`}
      {kept.missed > 0 && (
        <>
          , <Status kind="warning" word={`${number(kept.missed)} missed`} />
        </>
      )}
    </span>
  );
}

function Waiting({ filter }: { filter: TapFilter }) {
  const isFiltered = parametersOf(filter).size > 0;
  return (
    <Empty
      title="No request has ended yet"
      lines={[
        isFiltered
          ? "Requests are shown when they end and everything in the filter holds. Take a part of it away to see more."
          : "Requests are shown when they end. Send one to a listener of this gateway.",
      ]}
    />
  );
}
