// Which alerts a silence would be about, asked while it is written.

import { useEffect, useMemo, useState } from "preact/hooks";
import { post } from "../../api/client";
import { useTick } from "../../api/live";
import { Panel } from "../../components/panel";
import { Status } from "../../components/status";
import { useLoad } from "../../hooks/load";
import { AlertName } from "../alerts/name";
import { payload, type SilenceForm, validate } from "./form";
import type { Preview } from "./types";

/** How long nobody must have typed. */
const PAUSE_MS = 300;

export function PreviewPanel({ form }: { form: SilenceForm }) {
  const asked = useSettled(
    useMemo(() => previewOf(form), [form]),
    PAUSE_MS,
  );
  const tick = useTick(["alerts"]);
  const load = useLoad(
    (signal): Promise<Preview | null> =>
      asked === null
        ? Promise.resolve(null)
        : post<Preview>("/api/v1/alerting/silences/preview", JSON.parse(asked), signal),
    [asked, tick],
  );
  return (
    <Panel title="What it is about now" state={load} class="silence-preview">
      {(preview: Preview | null) => (preview === null ? <Incomplete /> : <Found preview={preview} />)}
    </Panel>
  );
}

/** What is asked, as text so that it can be compared; null while the conditions are not complete. */
export function previewOf(form: SilenceForm): string | null {
  if (validate(form, 0).matchers !== undefined) return null;
  // Times and receivers change nothing about which alerts are meant, and must not ask again each second.
  const { matchers, matcherSets } = payload({ ...form, receivers: [], recurs: false, untilResolved: false }, 0);
  const startsAt = "2026-01-01T00:00:00.000Z";
  const endsAt = "2026-01-02T00:00:00.000Z";
  return JSON.stringify({
    matchers,
    ...(matcherSets && { matcherSets }),
    startsAt,
    endsAt,
    createdBy: "",
    comment: "",
  });
}

function Incomplete() {
  return <p class="dim">Say what to silence, and the alerts that it is about appear here.</p>;
}

function Found({ preview }: { preview: Preview }) {
  const { active, matched, alerts } = preview;
  return (
    <>
      <p aria-live="polite">
        {matched === 0 ? (
          <Status kind="warning" word={`None of the ${active} alerts that fire now.`} />
        ) : (
          <>
            <strong>{matched}</strong> of {active} {active === 1 ? "alert" : "alerts"} that fire now.
          </>
        )}
      </p>
      {matched > 0 && matched === active && active > 1 ? (
        <Status kind="warning" word="That is all of them: is it meant to be?" />
      ) : null}
      {matched === 0 ? <p class="dim">It holds for what comes as well, so this may be right.</p> : null}
      <ul class="silence-alerts">
        {alerts.map((alert) => (
          <li key={alert.fingerprint}>
            <AlertName id={alert.fingerprint} labels={alert.labels} />
            {alert.status.silencedBy.length > 0 ? <span class="dim"> silenced already</span> : null}
          </li>
        ))}
      </ul>
      {matched > alerts.length ? <p class="dim">{matched - alerts.length} more.</p> : null}
    </>
  );
}

/** A value once it has not changed for a while. */
export function useSettled<T>(value: T, pause: number): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pause);
    return () => clearTimeout(timer);
  }, [value, pause]);
  return settled;
}
