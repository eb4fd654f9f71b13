/** One host: its three questions about each resource, what is wrong, and how it came. */

import { ErrorNote } from "../../components/error-note";
import { Notice } from "../../components/notice";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import type { Loaded } from "../../hooks/load";
import { type Answers, findings, type Host, verdictOf } from "./answers";
import { DRAWN, HostCharts, TITLES } from "./charts";
import { HostStatus } from "./list";
import { useMeasures } from "./load";
import { Matrix } from "./matrix";
import { type HostKey, MEASURES, type Measure } from "./measures";
import { thresholdText, valueText } from "./values";

interface DetailProps {
  hosts: Loaded<Host[]>;
  /** The host; null while it is not known, or when it is none. */
  host: Host | null;
  asked: HostKey | null;
  /** What stands in the address. */
  name: string;
  pulse: number;
}

export function HostDetail({ hosts, host, asked, name, pulse }: DetailProps) {
  const key = host ?? asked;
  const title = host?.nodename || host?.instance || key?.instance || name;
  return (
    <Page title={title} crumbs={[{ title: "Hosts", to: "/hosts" }]} sub={host && <Facts host={host} />}>
      <div class="stack">
        {hosts.error && <ErrorNote error={hosts.error} again={hosts.again} />}
        {hosts.data && host === null && (
          <Notice kind="unknown">
            No host of this name told of itself in the last hour. Older data may be in the charts.
          </Notice>
        )}
        {key && <Measured key={`${key.job}\n${key.instance}`} host={host} hostKey={key} pulse={pulse} />}
      </div>
    </Page>
  );
}

function Facts({ host }: { host: Host }) {
  return (
    <span class="hosts-summary">
      {host.instance !== host.nodename && <span>{host.instance}</span>}
      <span>job {host.job}</span>
      {host.release !== "" && <span>Linux {host.release}</span>}
      {host.machine !== "" && <span>{host.machine}</span>}
    </span>
  );
}

function Measured({ host, hostKey, pulse }: { host: Host | null; hostKey: HostKey; pulse: number }) {
  const answers = useMeasures(hostKey, pulse);
  return (
    <>
      {host && <Findings host={host} answers={answers.data} />}
      <Panel title="Utilisation, saturation, errors" state={answers}>
        {(all) => <Matrix hostKey={hostKey} answers={all} />}
      </Panel>
      <HostCharts hostKey={hostKey} answers={answers.data} />
    </>
  );
}

/** The name of a measure; it leads to its chart where there is one. */
function FindingName({ measure }: { measure: Measure }) {
  const name = `${TITLES[measure.resource]}: ${measure.title}`;
  return DRAWN.includes(measure.id) ? <a href={`#${measure.id}`}>{name}</a> : <span>{name}</span>;
}

/** What is not good, in words; or that nothing is. */
function Findings({ host, answers }: { host: Host; answers: Answers | undefined }) {
  const found = findings(host, MEASURES, answers);
  const verdict = verdictOf(host, MEASURES, answers);
  return (
    <Panel title="What to look at" class="hosts-findings">
      <HostStatus host={host} verdict={answers === undefined && host.isUp === true ? "unknown" : verdict} />
      {found.length > 0 && (
        <ul class="hosts-found">
          {found.map(({ measure, value, verdict }) => (
            <li key={measure.id} class="hosts-finding">
              <FindingName measure={measure} />
              <Status kind={verdict} word={`${valueText(measure.unit, value)}, ${verdict}`} />
              <span class="dim">
                {measure.why} <span class="hosts-threshold">({thresholdText(measure)})</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {found.length === 0 && answers !== undefined && verdict === "ok" && (
        <p class="dim">Nothing that is measured is beyond its threshold.</p>
      )}
    </Panel>
  );
}
