// One silence: all it says, which alerts it keeps back now, and what can be done to it.

import { useState } from "preact/hooks";
import { del } from "../../api/client";
import { Button } from "../../components/button";
import { Copy } from "../../components/copy";
import { Dialog } from "../../components/dialog";
import { Drawer } from "../../components/drawer";
import { Empty } from "../../components/empty";
import { ErrorNote } from "../../components/error-note";
import { KeyValue } from "../../components/key-value";
import { notify } from "../../components/toast";
import { navigate } from "../../router";
import { Time } from "../../time";
import { command } from "../alerts/cli";
import { AlertName } from "../alerts/name";
import type { RoutedAlert } from "../alerts/types";
import type { Silence } from "./types";
import { extraWords, MatcherSets, Next, SilenceStatus, setsOf } from "./words";

/** Alerts that are listed; the others are on the screen of alerts. */
const ALERTS_MAX = 100;

export interface SilenceDrawerProps {
  id: string;
  silence: Silence | undefined;
  /** The alerts that it keeps back; null when that is not known. */
  kept: RoutedAlert[] | null;
  onClose(): void;
  onChanged(): void;
}

export function SilenceDrawer({ id, silence, kept, onClose, onChanged }: SilenceDrawerProps) {
  return (
    <Drawer title="Silence" onClose={onClose}>
      {silence === undefined ? (
        <Empty
          title="There is no such silence"
          lines={[`Nothing is known of ${id.slice(0, 64)}. Silences that are over are forgotten after 120 h.`]}
        />
      ) : (
        <>
          <Actions silence={silence} onChanged={onChanged} />
          <Facts silence={silence} />
          <Kept silence={silence} kept={kept} />
        </>
      )}
    </Drawer>
  );
}

function Facts({ silence }: { silence: Silence }) {
  return (
    <KeyValue
      rows={[
        [
          "state",
          <span key="state" class="row">
            <SilenceStatus silence={silence} />
            <span>
              <Next silence={silence} />
            </span>
          </span>,
        ],
        ["silences", <MatcherSets key="sets" sets={setsOf(silence)} />],
        ...extraWords(silence).map((words): [string, string] => ["holds", words]),
        ["from", <Time key="from" at={silence.startsAt} />],
        ["until", <Time key="until" at={silence.endsAt} />],
        ["by", silence.createdBy],
        ["why", silence.comment],
        ...Object.entries(silence.annotations ?? {}),
        ["changed", <Time key="changed" at={silence.updatedAt} />],
        ["id", <code key="id">{silence.id}</code>],
      ]}
    />
  );
}

function Kept({ silence, kept }: { silence: Silence; kept: RoutedAlert[] | null }) {
  if (silence.status.state !== "active") return null;
  if (kept === null) return <p class="dim">Which alerts it keeps back is not known.</p>;
  if (kept.length === 0) return <p class="dim">It keeps no alert back now.</p>;
  return (
    <section aria-label="Alerts it keeps back">
      <h3>
        Keeps back {kept.length} {kept.length === 1 ? "alert" : "alerts"}
      </h3>
      <ul class="silence-alerts">
        {kept.slice(0, ALERTS_MAX).map((alert) => (
          <li key={alert.fingerprint}>
            <AlertName id={alert.fingerprint} labels={alert.labels} />
          </li>
        ))}
      </ul>
      {kept.length > ALERTS_MAX ? <p class="dim">{kept.length - ALERTS_MAX} more.</p> : null}
    </section>
  );
}

function Actions({ silence, onChanged }: { silence: Silence; onChanged(): void }) {
  const [isAsked, setAsked] = useState(false);
  const isOver = silence.status.state === "expired";
  const edit = () => navigate(`/silences?edit=${encodeURIComponent(silence.id)}`);
  return (
    <div class="row">
      <Button onPress={edit}>{isOver ? "Make it again" : "Change"}</Button>
      {isOver ? null : (
        <Button kind="danger" onPress={() => setAsked(true)}>
          Expire
        </Button>
      )}
      {isOver ? null : (
        <Copy text={command("silence", "expire", silence.id)} label="command">
          Copy as CLI
        </Copy>
      )}
      {isAsked ? <Expire silence={silence} onClose={() => setAsked(false)} onDone={onChanged} /> : null}
    </div>
  );
}

function Expire({ silence, onClose, onDone }: { silence: Silence; onClose(): void; onDone(): void }) {
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const expire = async () => {
    setBusy(true);
    try {
      await del(`/api/v2/silence/${encodeURIComponent(silence.id)}`);
      notify("The silence is over. What fires is told again.");
      onDone();
      onClose();
    } catch (reason) {
      setBusy(false);
      setError(reason instanceof Error ? reason : new Error(String(reason)));
    }
  };
  return (
    <Dialog
      title="End this silence?"
      danger
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Keep it</Button>
          <Button kind="danger" disabled={isBusy} onPress={() => void expire()}>
            Expire
          </Button>
        </>
      }
    >
      <MatcherSets sets={setsOf(silence)} />
      <p>
        {silence.recurrence === undefined
          ? "Alerts that it keeps back and that still fire are told at the next flush of their groups."
          : "It ends for good: none of its windows comes again."}
      </p>
      {error === null ? null : <ErrorNote error={error} />}
    </Dialog>
  );
}
