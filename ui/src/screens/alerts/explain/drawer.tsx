// The explanation of one alert: what fires and since when, the curve it fires by, who was told and who was not, what
// holds it back, and what was decided. At phone width it is the whole page.

import { get } from "../../../api/client";
import { useTick } from "../../../api/live";
import { Drawer } from "../../../components/drawer";
import { Empty } from "../../../components/empty";
import { Panel } from "../../../components/panel";
import { useLoad } from "../../../hooks/load";
import { parseMatchers } from "../../silences/matchers";
import { fingerprint } from "../fingerprint";
import { type AlertData, optional } from "../load";
import type { AlertRow } from "../model";
import { named } from "../reasons";
import type { Explanation, LabelSet } from "../types";
import { Actions } from "./actions";
import { Burn, isBurn } from "./burn";
import { Channels } from "./channels";
import { Decisions } from "./decisions";
import { Evidence } from "./evidence";
import { Facts } from "./facts";
import { Held } from "./held";
import { Notices } from "./notices";
import { Standing } from "./standing";

export interface ExplainDrawerProps {
  /** A fingerprint, or labels in the syntax of matchers. */
  id: string;
  data: AlertData;
  onClose(): void;
}

export function ExplainDrawer({ id, data, onClose }: ExplainDrawerProps) {
  const row = find(data.rows, id);
  const title = row === undefined ? "Alert" : row.name;
  return (
    <Drawer title={title} onClose={onClose}>
      {row === undefined ? (
        <Absent id={id} data={data} />
      ) : (
        <Explained key={row.id} row={row} rows={data.rows} isRouted={data.groups.data !== null} />
      )}
    </Drawer>
  );
}

/** Finds an alert by its number, by that of its rule's labels (as while it was pending), or by its labels. */
export function find(rows: AlertRow[], id: string): AlertRow | undefined {
  if (!/^[0-9a-f]{16}$/.test(id)) return findByLabels(rows, id);
  return rows.find((row) => row.id === id) ?? rows.find((row) => fingerprint(row.ownLabels) === id);
}

function findByLabels(rows: AlertRow[], text: string): AlertRow | undefined {
  const wanted = labelsIn(text);
  if (wanted === null) return undefined;
  const has = (labels: LabelSet) => Object.entries(wanted).every(([name, value]) => labels[name] === value);
  return rows.find((row) => has(row.labels) || has(row.ownLabels));
}

function labelsIn(text: string): LabelSet | null {
  try {
    const all = parseMatchers(text);
    return all.length === 0 ? null : Object.fromEntries(all.map((one) => [one.name, one.value]));
  } catch {
    return null;
  }
}

function Explained({ row, rows, isRouted }: { row: AlertRow; rows: AlertRow[]; isRouted: boolean }) {
  const explanation = useExplanation(row, isRouted);
  return (
    <div class="alert-explain stack">
      <Standing row={row} />
      <Actions row={row} />
      {isBurn(row) ? <Burn row={row} /> : <Evidence row={row} />}
      {isRouted ? <Channels row={row} load={explanation} /> : <NotRouted />}
      {row.routed === undefined ? null : <Held row={row} rows={rows} />}
      <Decisions row={row} channels={explanation.data?.channels ?? []} />
      <Facts row={row} />
      {isRouted ? <Notices fingerprint={row.id} /> : null}
    </div>
  );
}

function useExplanation(row: AlertRow, isRouted: boolean) {
  const tick = useTick(["alerts", "silences"]);
  // An alert that is not routed yet is explained by its labels: where it would go.
  const label = Object.entries(row.labels).map(([name, value]) => `${name}=${value}`);
  const params = row.routed === undefined ? { label } : { fingerprint: row.id };
  return useLoad(
    (signal) =>
      isRouted ? optional(get<Explanation>("/api/v1/alerting/explain", params, signal)) : Promise.resolve(null),
    [row.id, row.routed === undefined, isRouted, tick],
  );
}

function NotRouted() {
  return (
    <Panel title="Who is told">
      <p class="dim">
        This server routes no alerts itself: start it with <code>--alertmanager-config alertmanager.yml</code> to see
        here who is told. What it sends to the Alertmanagers of <code>alerting:</code> is on the System screen.
      </p>
    </Panel>
  );
}

function Absent({ id, data }: { id: string; data: AlertData }) {
  if (data.isLoading) return <p class="dim">Looking for it.</p>;
  const labels = labelsIn(id);
  const name = labels === null ? `with the number ${id.slice(0, 64)}` : named(labels);
  return (
    <div class="alert-explain stack">
      <Empty
        title="This alert does not fire now"
        lines={[
          `No alert ${name} is pending or fires.`,
          "It may be over: what was told about it is below, and the decisions say when it was resolved.",
        ]}
      />
      {data.groups.data !== null && /^[0-9a-f]{16}$/.test(id) ? <Notices fingerprint={id} /> : null}
    </div>
  );
}
