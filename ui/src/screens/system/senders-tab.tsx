/** To whom alerts are sent: what arrived, what waits, what was lost. */

import { get } from "../../api/client";
import { instant, type Series } from "../../api/promql";
import { Code } from "../../components/code";
import { Empty } from "../../components/empty";
import { exploreUrl } from "../../components/evidence";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { NO_DATA, number, rate } from "../../format";
import { useLoad } from "../../hooks/load";
import { Link } from "../../router";
import { RangeChart } from "../gateway/range-chart";
import { type Sender, senders } from "./senders";
import type { Alertmanagers } from "./types";

const OURS = '{job="plimsoll"}';
/** Alerts sent per second. */
const SENT = `sum by (alertmanager) (rate(prometheus_notifications_sent_total${OURS}[5m]))`;
/** Alerts per second of attempts that failed. */
export const ERRORS = `sum by (alertmanager) (rate(prometheus_notifications_errors_total${OURS}[5m]))`;
/** Alerts that were lost in an hour. */
export const DROPPED = `sum by (alertmanager) (increase(prometheus_notifications_dropped_total${OURS}[1h]))`;
/** Alerts that wait. */
const QUEUED = `sum by (alertmanager) (prometheus_notifications_queue_length${OURS})`;

export function SendersTab({ pulse }: { pulse: number }) {
  const known = useLoad((signal) => get<Alertmanagers>("/api/v1/alertmanagers", undefined, signal), [pulse]);
  const figures = useLoad(
    async (signal) => {
      const ask = (query: string): Promise<Series[]> => instant(query, undefined, signal);
      const [sent, errors, dropped, queued] = await Promise.all([ask(SENT), ask(ERRORS), ask(DROPPED), ask(QUEUED)]);
      return { sent, errors, dropped, queued };
    },
    [pulse],
  );
  return (
    <>
      <Panel title="Alertmanagers" state={known}>
        {(all) => <SenderTable rows={senders(all, figures.data)} />}
      </Panel>
      <Panel title="Figures of senders" state={figures} class={figures.error ? undefined : "system-hidden"} />
      <div class="columns">
        <RangeChart name="Alerts sent" unit="/s" query={SENT} none="No alert was sent in this range." />
        <RangeChart name="Attempts that failed" unit="/s" query={ERRORS} none="No attempt failed in this range." />
        <RangeChart name="Alerts that wait" unit="" query={QUEUED} none="No alert waited in this range." />
      </div>
    </>
  );
}

const CONFIG = `alerting:
  alertmanagers:
    - static_configs:
        - targets: ["127.0.0.1:9093"]`;

function SenderTable({ rows }: { rows: Sender[] }) {
  return (
    <Table
      name="senders"
      caption="Alertmanagers and how sending to them goes"
      bare={rows.length < 20}
      rows={rows}
      id={(row) => row.url}
      empty={
        <Empty
          title="Alerts are sent to nobody else"
          lines={[
            "A server that routes alerts itself (--alertmanager-config) needs nobody. To send them to an Alertmanager, write in prometheus.yml:",
          ]}
        >
          <Code text={CONFIG} language="YAML" />
        </Empty>
      }
      columns={[
        { key: "state", title: "State", cell: (row) => <Status {...row.status} /> },
        {
          key: "url",
          title: "Address",
          cell: (row) => <span class="system-wrap">{row.url}</span>,
          sort: (row) => row.url,
        },
        { key: "sent", title: "Sent", align: "end", cell: (row) => <Figure text={rate(row.sent)} query={SENT} /> },
        {
          key: "errors",
          title: "Failed",
          align: "end",
          cell: (row) => <Figure text={rate(row.errors)} query={ERRORS} />,
        },
        {
          key: "dropped",
          title: "Lost in 1 h",
          align: "end",
          cell: (row) => (
            <Figure text={number(row.dropped === null ? null : Math.round(row.dropped))} query={DROPPED} />
          ),
        },
        {
          key: "queued",
          title: "Waiting",
          align: "end",
          cell: (row) => <Figure text={number(row.queued)} query={QUEUED} />,
          priority: 2,
        },
      ]}
    />
  );
}

/** A number that leads to the query behind it. */
function Figure({ text, query }: { text: string; query: string }) {
  return text === NO_DATA ? <span class="dim">{text}</span> : <Link to={exploreUrl(query)}>{text}</Link>;
}
