// Times whose events count differently: who did it, why, and how to take it back.

import { useState } from "preact/hooks";
import { del, get } from "../../api/client";
import { Badge } from "../../components/badge";
import { Button } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { Empty } from "../../components/empty";
import { ErrorNote } from "../../components/error-note";
import { Field } from "../../components/field";
import { Input } from "../../components/input";
import { Panel } from "../../components/panel";
import { type Column, Table } from "../../components/table";
import { notify } from "../../components/toast";
import { useLoad } from "../../hooks/load";
import { Time } from "../../time";
import { rememberAuthor, useAuthor } from "./author";
import { apiPath } from "./budget";
import { kindText, sortCorrections } from "./correction";
import { CorrectionForm } from "./correction-form";
import type { Corrections as All, Correction } from "./types";

export function Corrections({ id, tick }: { id: string; tick: number }) {
  const loaded = useLoad((signal) => get<All>(apiPath(id, "/corrections"), undefined, signal), [id, tick]);
  const [isAdding, setAdding] = useState(false);
  const [taking, setTaking] = useState<Correction | null>(null);
  const add = (
    <Button small icon="plus" onPress={() => setAdding(true)}>
      Add correction
    </Button>
  );
  const columns: Column<Correction>[] = [
    ...COLUMNS,
    {
      key: "take",
      title: "",
      align: "end",
      cell: (row) =>
        row.revoked === null ? (
          <Button small kind="plain" onPress={() => setTaking(row)}>
            Take back
          </Button>
        ) : (
          <span class="dim">
            taken back <Time at={row.revoked} relative />
          </span>
        ),
    },
  ];
  return (
    <Panel title="Corrections" state={loaded} actions={add}>
      {(found: All) => (
        <>
          <Table
            name="corrections"
            bare={found.corrections.length < 12}
            caption="Corrections"
            columns={columns}
            rows={sortCorrections(found.corrections)}
            id={(row) => row.id}
            empty={<NoCorrections />}
          />
          {isAdding && <CorrectionForm id={id} onClose={() => setAdding(false)} onDone={loaded.again} />}
          {taking !== null && (
            <TakeBack id={id} correction={taking} onClose={() => setTaking(null)} onDone={loaded.again} />
          )}
        </>
      )}
    </Panel>
  );
}

const COLUMNS: Column<Correction>[] = [
  {
    key: "id",
    title: "Correction",
    cell: (row) => <span class={row.revoked === null ? undefined : "slo-revoked"}>{row.id}</span>,
    sort: (row) => row.id,
  },
  { key: "kind", title: "Its events", cell: (row) => <Badge>{kindText(row.kind)}</Badge>, sort: (row) => row.kind },
  {
    key: "from",
    title: "Time",
    cell: (row) => (
      <>
        <Time at={row.from} /> for {row.for}
        {row.repeat !== null && (
          <div class="dim">
            <code>{row.repeat}</code> in {row.zone ?? "UTC"}
          </div>
        )}
      </>
    ),
    sort: (row) => Date.parse(row.from),
  },
  { key: "match", title: "Of", priority: 2, cell: (row) => (row.match === null ? "all" : <code>{row.match}</code>) },
  { key: "reason", title: "Because", cell: (row) => row.reason },
  { key: "author", title: "By", priority: 2, cell: (row) => row.author, sort: (row) => row.author },
];

function NoCorrections() {
  return (
    <Empty
      title="Nothing is corrected"
      lines={[
        "A maintenance that was announced, or a fault of the measurement, may be left out or counted as good or bad afterwards. The counts stay; taking a correction back restores every figure.",
      ]}
    />
  );
}

interface TakeBackProps {
  id: string;
  correction: Correction;
  onClose: () => void;
  onDone: () => void;
}

function TakeBack({ id, correction, onClose, onDone }: TakeBackProps) {
  const [author, setAuthor] = useAuthor();
  const [error, setError] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const take = async () => {
    setBusy(true);
    setError(null);
    try {
      await del(apiPath(id, `/corrections/${encodeURIComponent(correction.id)}`), {
        author: author.trim() || undefined,
      });
      rememberAuthor(author);
      notify(`${correction.id} is taken back`);
      onDone();
      onClose();
    } catch (reason) {
      setError(reason instanceof Error ? reason : new Error(String(reason)));
      setBusy(false);
    }
  };
  return (
    <Dialog
      title={`Take ${correction.id} back?`}
      danger
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Keep it</Button>
          <Button kind="danger" onPress={() => void take()} disabled={isBusy}>
            Take back
          </Button>
        </>
      }
    >
      <p>
        Its events count again as they were counted: every budget, state and alert is judged anew. It stays in the list,
        with when it was taken back.
      </p>
      <Field label="Who takes it back">
        <Input value={author} onInput={setAuthor} onEnter={() => void take()} />
      </Field>
      {error !== null && <ErrorNote error={error} />}
    </Dialog>
  );
}
