// Which alerts keep which others back: the rules of the configuration, and what they do at the moment.

import "./inhibitions.css";
import { get } from "../../api/client";
import { useTick } from "../../api/live";
import { Button } from "../../components/button";
import { Empty } from "../../components/empty";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { useLoad } from "../../hooks/load";
import { setQuery, useQueryState } from "../../router";
import { optional } from "../alerts/load";
import { type Inhibitions as Found, groupPairs, isShown } from "./model";
import { PairTable } from "./pairs";
import { RuleTable } from "./rules";

export default function Inhibitions() {
  const tick = useTick(["alerts"]);
  const load = useLoad((signal) => optional(get<Found>("/api/v1/alerting/inhibitions", undefined, signal)), [tick]);
  const [rule] = useQueryState("rule", "");
  const [alert] = useQueryState("alert", "");
  if (load.data === null) return <NotRouted />;
  const filter = { rule, alert };
  return (
    <Page title="Inhibitions" sub={load.data === undefined ? undefined : subtitle(load.data)}>
      <Panel title="Rules" state={load}>
        {(found: Found | null) => <RuleTable rules={found?.rules ?? []} chosen={rule} />}
      </Panel>
      <Panel
        title="What is kept back now"
        state={load}
        actions={
          rule === "" && alert === "" ? undefined : (
            <Button small icon="close" onPress={() => setQuery({ rule: null, alert: null })}>
              {rule === "" ? `Only alert ${alert}` : `Only inhibit_rules[${rule}]`}
            </Button>
          )
        }
      >
        {(found: Found | null) => (
          <PairTable
            groups={groupPairs((found?.pairs ?? []).filter((pair) => isShown(pair, filter)))}
            isCut={(found?.pairs.length ?? 0) >= PAIRS_MAX}
          />
        )}
      </Panel>
    </Page>
  );
}

/** The server names no more. */
const PAIRS_MAX = 1000;

function subtitle(found: Found): string {
  const kept = new Set(found.pairs.map((pair) => pair.target.fingerprint)).size;
  const rules = found.rules.length === 1 ? "1 rule" : `${found.rules.length} rules`;
  return `${rules}, ${kept} ${kept === 1 ? "alert" : "alerts"} kept back`;
}

function NotRouted() {
  return (
    <Page title="Inhibitions">
      <Empty
        title="This server routes no alerts"
        lines={[
          "Inhibition rules are part of alertmanager.yml. Start the server with yours:",
          "plimsoll serve --config prometheus.yml --alertmanager-config alertmanager.yml",
        ]}
      />
    </Page>
  );
}
