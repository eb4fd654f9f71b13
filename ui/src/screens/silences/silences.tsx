// What nobody wants to be told for a while: the list, one of them, and the editor.

import { Choices } from "../alerts/choices";
import "./silences.css";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { Button } from "../../components/button";
import { Empty } from "../../components/empty";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { useKeys } from "../../hooks/keys";
import { navigate, setQuery, useQueryState, useRoute } from "../../router";
import { SilenceDrawer } from "./detail";
import { Editor } from "./editor";
import { SilenceTable } from "./list";
import { type KeptBack, useKeptBack, useSilences } from "./load";
import type { Silence, SilenceState } from "./types";

export default function Silences() {
  const { query } = useRoute();
  const isEditor = query.has("new") || query.has("edit");
  return isEditor ? <Editor key={query.get("edit") ?? "new"} /> : <List />;
}

const STATES: SilenceState[] = ["active", "pending", "expired"];

function List() {
  const load = useSilences();
  const kept = useKeptBack();
  const [id] = useQueryState("silence", "");
  const [states, setStates] = useQueryState("state", "active,pending");
  const wanted = useMemo(() => states.split(","), [states]);
  const shown = useMemo(
    () => (load.data ?? []).filter((one) => wanted.includes(one.status.state)),
    [load.data, wanted],
  );
  useKeys({ n: () => navigate("/silences?new=") }, { help: { n: "new silence" } });
  const flip = (state: SilenceState) => {
    const next = STATES.filter((one) => (one === state ? !wanted.includes(one) : wanted.includes(one)));
    setStates(next.join(","));
  };
  const add = (
    <Button kind="primary" icon="plus" onPress={() => navigate("/silences?new=")}>
      New silence
    </Button>
  );
  if (load.data === null) return <NotRouted />;
  return (
    <Page title="Silences" sub={load.data === undefined ? undefined : subtitle(load.data, kept)} actions={add}>
      <Choices label="Show only">
        {STATES.map((state) => (
          <Button key={state} small pressed={wanted.includes(state)} onPress={() => flip(state)}>
            {state} {(load.data ?? []).filter((one) => one.status.state === state).length}
          </Button>
        ))}
      </Choices>
      {load.error !== undefined || load.data === undefined ? <Panel state={load} /> : null}
      {load.data !== undefined && shown.length === 0 ? <Nothing hasSome={load.data.length > 0} add={add} /> : null}
      {shown.length > 0 ? <SilenceTable silences={shown} kept={kept} openId={id} /> : null}
      {id === "" || load.data === undefined ? null : (
        <SilenceDrawer
          key={id}
          id={id}
          silence={load.data.find((one) => one.id === id)}
          kept={kept?.get(id) ?? (kept === null ? null : [])}
          onClose={() => setQuery({ silence: null })}
          onChanged={load.again}
        />
      )}
    </Page>
  );
}

function subtitle(all: Silence[], kept: KeptBack): string {
  const active = all.filter((one) => one.status.state === "active").length;
  if (kept === null) return `${active} active`;
  const alerts = new Set([...kept.values()].flat().map((alert) => alert.fingerprint)).size;
  return `${active} active, ${alerts} ${alerts === 1 ? "alert" : "alerts"} kept back`;
}

function Nothing({ hasSome, add }: { hasSome: boolean; add: ComponentChildren }) {
  return (
    <Empty
      title={hasSome ? "No silence in these states" : "No silences"}
      lines={
        hasSome
          ? ["Choose other states above."]
          : [
              "A silence says what you do not want to be told for a while. Alerts stay visible, and the silence says why nobody was told.",
              "In a terminal: plimsoll silence add DiskFull instance=db-1 --duration 2h --comment 'new disk'",
            ]
      }
      actions={add}
    />
  );
}

export function NotRouted() {
  return (
    <Page title="Silences">
      <Empty
        title="This server routes no alerts"
        lines={[
          "Silences are kept by whoever tells people. Start the server with your alertmanager.yml:",
          "plimsoll serve --config prometheus.yml --alertmanager-config alertmanager.yml",
          "Where an Alertmanager does it, silence there: amtool silence add alertname=DiskFull --duration 2h",
        ]}
      />
    </Page>
  );
}
