// Who silences and why: whoever wonders later reads nothing else.

import { Field } from "../../components/field";
import { Input } from "../../components/input";
import type { FieldsProps } from "./matcher-fields";

export function WhoAndWhy({ form, errors, onChange }: FieldsProps) {
  return (
    <fieldset class="silence-fieldset">
      <legend>Who and why</legend>
      <Field label="Why" error={errors.comment}>
        <Input
          value={form.comment}
          placeholder="INC-7: disk is being replaced"
          onInput={(comment) => onChange({ comment })}
        />
      </Field>
      <Field label="By" error={errors.createdBy}>
        <Input value={form.createdBy} placeholder="your name" onInput={(createdBy) => onChange({ createdBy })} />
      </Field>
    </fieldset>
  );
}
