import { useState } from "preact/hooks";
import { post } from "../../api/client";
import { Button } from "../../components/button";
import { Drawer } from "../../components/drawer";
import { ErrorNote } from "../../components/error-note";
import { Field } from "../../components/field";
import { Input } from "../../components/input";
import { Select } from "../../components/select";
import { notify } from "../../components/toast";
import { rememberAuthor, useAuthor } from "./author";
import { apiPath } from "./budget";
import {
  bodyOf,
  type CorrectionDraft,
  type CorrectionErrors,
  type CorrectionField,
  emptyDraft,
  errorsOf,
} from "./correction";

export interface CorrectionFormProps {
  /** Of the SLO. */
  id: string;
  onClose: () => void;
  onDone: () => void;
}

const KINDS = [
  { value: "exclude", label: "are left out" },
  { value: "good", label: "count as good" },
  { value: "bad", label: "count as bad" },
] as const;

/** A correction to be made. The server judges it; what it refuses stands at the field that it is about. */
export function CorrectionForm({ id, onClose, onDone }: CorrectionFormProps) {
  const [author] = useAuthor();
  const [draft, setDraft] = useState<CorrectionDraft>(() => emptyDraft(Date.now(), author));
  const [errors, setErrors] = useState<CorrectionErrors>({});
  const [failure, setFailure] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const send = async () => {
    setBusy(true);
    setFailure(null);
    try {
      await post(apiPath(id, "/corrections"), bodyOf(draft, Date.now()));
      rememberAuthor(draft.author);
      notify(`Correction ${draft.id.trim()} is in force`);
      onDone();
      onClose();
    } catch (reason) {
      const error = reason instanceof Error ? reason : new Error(String(reason));
      const found = errorsOf(error.message, draft);
      setErrors(found);
      setFailure(found.general === undefined ? null : error);
      setBusy(false);
    }
  };
  const field = (name: CorrectionField, label: string, hint: string, placeholder = "") => (
    <Field label={label} hint={hint} error={errors[name]}>
      <Input
        value={draft[name]}
        placeholder={placeholder}
        onInput={(value) => {
          setDraft({ ...draft, [name]: value });
          setErrors({ ...errors, [name]: undefined });
        }}
        onEnter={() => void send()}
      />
    </Field>
  );
  return (
    <Drawer title={`Correct ${id}`} onClose={onClose}>
      <form
        class="stack slo-form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        {field("id", "Name", "Unique in this SLO: letters, digits, - _ .", "db-maintenance")}
        <Field label="Events of this time" error={errors.kind}>
          <Select value={draft.kind} options={KINDS} onChange={(kind) => setDraft({ ...draft, kind })} />
        </Field>
        {field("from", "From", "RFC 3339 or 2026-11-22 08:00 (UTC) or now-2h", "2026-11-22T08:00:00Z")}
        <div class="columns slo-pair">
          {field("length", "For", "1h, 90m, 2d", "1h")}
          {field("to", "or until", "instead of a length")}
        </div>
        <div class="columns slo-pair">
          {field("repeat", "Repeats", "RFC 5545; empty for once", "FREQ=WEEKLY;BYDAY=SU")}
          {field("zone", "in the zone", "of the repetition", "Europe/Athens")}
        </div>
        {field("match", "Only groups", "conditions on labels; empty for all", 'region="eu"')}
        {field("reason", "Because", "for those who read the report later", "announced maintenance")}
        {field("author", "Who", "who answers for it", "ann")}
        {failure !== null && <ErrorNote error={failure} />}
        <div class="row">
          <Button kind="primary" type="submit" disabled={isBusy}>
            Add correction
          </Button>
          <Button onPress={onClose}>Cancel</Button>
        </div>
      </form>
    </Drawer>
  );
}
