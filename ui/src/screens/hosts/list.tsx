/** The table of hosts: the worst first, one column for each measure. */

import { ErrorNote } from "../../components/error-note";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { type Answers, type Host, verdictOf } from "./answers";
import { judge, rank, type Verdict, WORDS } from "./judgement";
import { LISTED } from "./load";
import type { Measure } from "./measures";
import { thresholdText, valueText } from "./values";

interface HostListProps {
  hosts: Host[];
  answers: Answers | undefined;
  error: Error | undefined;
  onOpen: (host: Host) => void;
}

/** A host's state: what is known of its scrapes, else the worst of its measures. */
export function HostStatus({ host, verdict }: { host: Host; verdict: Verdict }) {
  if (host.isUp === false) return <Status kind="critical" word="scrape fails" />;
  if (host.isUp === null) return <Status kind="unknown" word="gone" />;
  return <Status kind={verdict} word={WORDS[verdict]} />;
}

export function HostList({ hosts, answers, error, onOpen }: HostListProps) {
  const rows = hosts
    .map((host) => ({ host, verdict: verdictOf(host, LISTED, answers) }))
    .sort((a, b) => rank(b.verdict) - rank(a.verdict) || a.host.instance.localeCompare(b.host.instance));
  return (
    <>
      {error !== undefined && <ErrorNote error={error} />}
      <Table
        name="hosts"
        caption="Hosts with utilisation, saturation and errors"
        rows={rows}
        id={({ host }) => host.key}
        onOpen={({ host }) => onOpen(host)}
        columns={[
          {
            key: "state",
            title: "State",
            cell: ({ host, verdict }) => <HostStatus host={host} verdict={verdict} />,
            sort: ({ verdict }) => rank(verdict),
            filter: ({ verdict }) => WORDS[verdict],
          },
          {
            key: "host",
            title: "Host",
            cell: ({ host }) => <HostName host={host} />,
            sort: ({ host }) => host.nodename || host.instance,
            text: ({ host }) => `${host.nodename} ${host.instance}`,
          },
          {
            key: "job",
            title: "Job",
            cell: ({ host }) => host.job,
            sort: ({ host }) => host.job,
            filter: ({ host }) => host.job,
            hidden: true,
          },
          ...LISTED.map((measure) => ({
            key: measure.id,
            title: TITLES[measure.id] ?? measure.title,
            align: "end" as const,
            help: helpOf(measure),
            cell: ({ host }: { host: Host }) => (
              <Value measure={measure} value={answers?.get(measure.id)?.values.get(host.key)} />
            ),
            sort: ({ host }: { host: Host }) => answers?.get(measure.id)?.values.get(host.key),
            priority: PRIORITIES[measure.id] ?? 3,
          })),
          {
            key: "release",
            title: "Kernel",
            cell: ({ host }) => host.release,
            sort: ({ host }) => host.release,
            hidden: true,
          },
        ]}
      />
    </>
  );
}

/** Columns have little room: the resource, and what of it. */
const TITLES: Record<string, string> = {
  cpu_busy: "CPU",
  cpu_load: "Load",
  memory_used: "Memory",
  memory_pressure: "Mem wait",
  disk_busy: "Disk",
  disk_pressure: "I/O wait",
  filesystem_full: "Fullest",
  network_bytes: "Network",
  network_drops: "Drops",
  network_errors: "Errors",
};

const PRIORITIES: Record<string, 1 | 2 | 3> = { cpu_busy: 1, memory_used: 1, filesystem_full: 2, disk_busy: 2 };

function helpOf(measure: Measure): string {
  const thresholds = thresholdText(measure);
  return thresholds === null ? measure.why : `${measure.why} ${thresholds}.`;
}

function HostName({ host }: { host: Host }) {
  const own = host.nodename === "" ? host.instance : host.nodename;
  return (
    <span class="hosts-name" title={`${own} ${host.instance}`}>
      <strong>{own}</strong>
      {own !== host.instance && <span class="dim"> {host.instance}</span>}
    </span>
  );
}

/** A value in the colour of its verdict; a good one is plain, so that others stand out. */
export function Value({ measure, value }: { measure: Measure; value: number | undefined }) {
  const verdict = judge(measure, value);
  const text = valueText(measure.unit, value);
  if (verdict === "unknown") return <span class="dim">no data</span>;
  if (verdict === "warning" || verdict === "critical") return <Status kind={verdict} word={text} />;
  return value === 0 ? <span class="dim">{text}</span> : <span>{text}</span>;
}
