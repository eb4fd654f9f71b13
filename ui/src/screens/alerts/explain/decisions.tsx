// What was decided about an alert, from which numbers, and what would have changed it.

import { get } from "../../../api/client";
import { useTick } from "../../../api/live";
import { Panel } from "../../../components/panel";
import { useLoad } from "../../../hooks/load";
import { Time } from "../../../time";
import { printed } from "../fingerprint";
import { optional } from "../load";
import type { AlertRow } from "../model";
import type { Channel, Decision } from "../types";

/** Decisions of each subject that are shown. */
const SHOWN = 10;

export function Decisions({ row, channels }: { row: AlertRow; channels: Channel[] }) {
  const tick = useTick(["alerts"]);
  const subjects = subjectsOf(row, channels);
  const load = useLoad((signal) => decisionsOf(subjects, signal), [subjects.join("\n"), tick]);
  return (
    <Panel title="Decisions" state={load}>
      {load.data?.length === 0 ? (
        <p class="dim">None is kept: it was decided elsewhere, or too long ago (the newest 100,000 of 30 days are).</p>
      ) : null}
      <ol class="alert-decisions">
        {(load.data ?? []).map((decision, index) => (
          <li key={`${decision.at} ${decision.kind} ${decision.subject}`}>
            <One decision={decision} isNewest={index === 0} />
          </li>
        ))}
      </ol>
    </Panel>
  );
}

/** Under which names an alert is decided about: its labels, its groups, and its objective. */
export function subjectsOf(row: AlertRow, channels: Channel[]): string[] {
  const subjects = new Set([printed(row.ownLabels)]);
  const { service, slo, objective } = row.labels;
  if (service !== undefined && slo !== undefined) {
    subjects.add(`${service}/${slo}${objective === undefined || objective === "" ? "" : ` ${objective}`}`);
  }
  for (const channel of channels) subjects.add(channel.group);
  return [...subjects].slice(0, 8);
}

async function decisionsOf(subjects: string[], signal: AbortSignal): Promise<Decision[]> {
  const ask = (subject: string) =>
    optional(get<{ decisions: Decision[] }>("/api/v1/decisions", { subject, limit: SHOWN }, signal));
  const all = (await Promise.all(subjects.map(ask))).flatMap((answer) => answer?.decisions ?? []);
  return all.sort((a, b) => Date.parse(b.at) - Date.parse(a.at)).slice(0, 2 * SHOWN);
}

function One({ decision, isNewest }: { decision: Decision; isNewest: boolean }) {
  return (
    <details class="alert-decision" open={isNewest}>
      <summary>
        <Time at={decision.at} /> <span class="alert-decision-kind">{decision.kind}</span> {decision.outcome}
      </summary>
      <dl class="alert-facts">
        {decision.inputs
          .filter((input) => input.value !== "")
          .map((input) => (
            <div key={input.name}>
              <dt>{input.name}</dt>
              <dd>
                <code>{input.value}</code>
              </dd>
            </div>
          ))}
        <div>
          <dt>rule</dt>
          <dd>
            <code>{decision.rule}</code>
          </dd>
        </div>
        {decision.counterfactual === "" ? null : (
          <div>
            <dt>otherwise</dt>
            <dd>{decision.counterfactual}</dd>
          </div>
        )}
      </dl>
    </details>
  );
}
