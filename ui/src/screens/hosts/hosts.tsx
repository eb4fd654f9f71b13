/** Hosts by the USE method: utilisation, saturation and errors of each resource. */

import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { setQuery, useRoute } from "../../router";
import { usePulse } from "../gateway/pulse";
import { type Answers, type Host, hostOf, verdictOf } from "./answers";
import { HostDetail } from "./detail";
import "./hosts.css";
import { HostList } from "./list";
import { LISTED, useHosts, useListed } from "./load";
import { NoHosts } from "./no-hosts";

/** How often hosts are asked, in milliseconds: scrapes come every 15 s at most places. */
const EVERY_MS = 15_000;

export default function HostsScreen() {
  const pulse = usePulse(EVERY_MS);
  const { query } = useRoute();
  const asked = query.get("host");
  const hosts = useHosts(pulse);
  const listed = useListed(pulse);
  if (hosts.data?.length === 0) return <NoHosts />;
  if (asked !== null) {
    const key = hostOf(asked) ?? byName(hosts.data, asked);
    const host = hosts.data?.find((one) => one.job === key?.job && one.instance === key.instance);
    if (hosts.data === undefined || host !== undefined || key !== null) {
      return <HostDetail hosts={hosts} host={host ?? null} asked={key} name={asked} pulse={pulse} />;
    }
  }
  return (
    <Page title="Hosts" sub={hosts.data && <Summary hosts={hosts.data} answers={listed.data} />}>
      <div class="stack">
        <Panel state={hosts} class="hosts-list">
          {(all) => (
            <HostList
              hosts={all}
              answers={listed.data}
              error={listed.error}
              onOpen={(host) => setQuery({ host: host.key }, { replace: false })}
            />
          )}
        </Panel>
      </div>
    </Page>
  );
}

/** A link may name a host by its instance or as it calls itself. */
function byName(hosts: Host[] | undefined, name: string): Host | null {
  return hosts?.find((one) => one.instance === name || one.nodename === name) ?? null;
}

function Summary({ hosts, answers }: { hosts: Host[]; answers: Answers | undefined }) {
  const verdicts = hosts.map((host) => verdictOf(host, LISTED, answers));
  const count = (verdict: string) => verdicts.filter((one) => one === verdict).length;
  const [critical, warning, unknown] = [count("critical"), count("warning"), count("unknown")];
  return (
    <span class="hosts-summary">
      <span>{hosts.length === 1 ? "1 host" : `${hosts.length} hosts`}</span>
      {critical > 0 && <Status kind="critical" word={`${critical} critical`} />}
      {warning > 0 && <Status kind="warning" word={`${warning} with a warning`} />}
      {unknown > 0 && <Status kind="unknown" word={`${unknown} without data`} />}
      {answers !== undefined && critical + warning + unknown === 0 && <Status kind="ok" word="all ok" />}
    </span>
  );
}
