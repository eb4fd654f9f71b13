// What holds an alert back: silences with who and why, and the alerts that inhibit it.

import { get } from "../../../api/client";
import { useTick } from "../../../api/live";
import { Panel } from "../../../components/panel";
import { useLoad } from "../../../hooks/load";
import { Link } from "../../../router";
import { Time } from "../../../time";
import type { Silence } from "../../silences/types";
import type { AlertRow } from "../model";
import { AlertName } from "../name";

/** Silences of one alert that are asked for; who has more has another problem. */
const SILENCES_MAX = 20;

export function Held({ row, rows }: { row: AlertRow; rows: AlertRow[] }) {
  const labelsOf = (id: string) => rows.find((other) => other.id === id)?.labels ?? { alertname: `alert ${id}` };
  const { silencedBy = [], inhibitedBy = [], mutedBy = [] } = row.routed?.status ?? {};
  const tick = useTick(["silences"]);
  const ids = silencedBy.slice(0, SILENCES_MAX);
  const load = useLoad(
    (signal) =>
      Promise.all(ids.map((id) => get<Silence>(`/api/v2/silence/${encodeURIComponent(id)}`, undefined, signal))),
    [ids.join(), tick],
  );
  if (silencedBy.length + inhibitedBy.length + mutedBy.length === 0) return null;
  return (
    <Panel title="What holds it back" state={load}>
      <ul class="alert-held">
        {(load.data ?? []).map((silence) => (
          <li key={silence.id}>
            <Link to={`/silences?silence=${encodeURIComponent(silence.id)}`}>Silence</Link> of{" "}
            {silence.createdBy || "somebody"} until <Time at={silence.endsAt} /> (<Time at={silence.endsAt} relative />
            ): <q>{silence.comment}</q>
          </li>
        ))}
        {silencedBy.length > SILENCES_MAX ? <li>{silencedBy.length - SILENCES_MAX} more silences.</li> : null}
        {inhibitedBy.map((id) => (
          <li key={id}>
            Inhibited by <AlertName id={id} labels={labelsOf(id)} />; see{" "}
            <Link to={`/inhibitions?alert=${id}`}>inhibitions</Link>.
          </li>
        ))}
        {mutedBy.length > 0 ? <li>The time interval {mutedBy.join(", ")} mutes its route.</li> : null}
      </ul>
    </Panel>
  );
}
