// From when until when: a length or an end, a rule by which it recurs, or until all is resolved.

import { Button } from "../../components/button";
import { Field } from "../../components/field";
import { Input } from "../../components/input";
import { Toggle } from "../../components/toggle";
import { Time } from "../../time";
import { Choices } from "../alerts/choices";
import { type SilenceForm, span } from "./form";
import type { FieldsProps } from "./matcher-fields";
import { DAYS, dayName, daysOf, describe, weekly } from "./recurrence";
import type { Silence } from "./types";
import { durationText, wallText, zoneNames } from "./zoned";

const PRESETS = ["30m", "1h", "2h", "4h", "8h", "1d", "1w"];

export interface TimeFieldsProps extends FieldsProps {
  original: Silence | undefined;
}

export function TimeFields({ form, errors, original, onChange }: TimeFieldsProps) {
  const { start, end } = span(form, Date.now(), original);
  const length = start === null || end === null ? null : end - start;
  return (
    <fieldset class="silence-fieldset">
      <legend>{form.recurs ? "The first window" : "From when until when"}</legend>
      <div class="silence-times">
        <Field label="From" hint={form.start === "" ? "empty: now" : undefined} error={errors.start}>
          <Input type="datetime-local" value={form.start} onInput={(value) => onChange({ start: value })} />
        </Field>
        <End {...{ form, errors, onChange }} start={start} />
        <Field label="By the clocks of" error={errors.zone}>
          <Input value={form.zone} list="silence-zones" onInput={(zone) => onChange(moved(form, zone, start, end))} />
        </Field>
      </div>
      <datalist id="silence-zones">
        {zoneNames().map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
      <Choices label="How long">
        {PRESETS.map((preset) => (
          <Button
            key={preset}
            small
            pressed={form.ends === "after" && form.duration === preset}
            onPress={() => onChange({ ends: "after", duration: preset })}
          >
            {preset}
          </Button>
        ))}
      </Choices>
      {end === null || length === null || length <= 0 ? null : (
        <p class="dim" aria-live="polite">
          Until <Time at={end} />, {durationText(length)} {form.start === "" ? "from now" : "long"}.
        </p>
      )}
      <Recurs form={form} errors={errors} onChange={onChange} />
      <UntilResolved form={form} errors={errors} onChange={onChange} />
    </fieldset>
  );
}

/** Another zone shows the same moments by other clocks. */
function moved(form: SilenceForm, zone: string, start: number | null, end: number | null): Partial<SilenceForm> {
  if (form.recurs) return { zone };
  try {
    return {
      zone,
      start: form.start === "" || start === null ? form.start : wallText(start, zone),
      end: form.end === "" || form.ends !== "at" || end === null ? form.end : wallText(end, zone),
    };
  } catch {
    // Half of the name of a zone is none yet.
    return { zone };
  }
}

function End({ form, errors, onChange, start }: FieldsProps & { start: number | null }) {
  const toAt = () => {
    const { end } = span(form, Date.now());
    onChange({ ends: "at", end: wallText(end ?? (start ?? Date.now()) + 7_200_000, safeZone(form.zone)) });
  };
  return form.ends === "after" ? (
    <Field
      label="For"
      error={errors.ends}
      hint={
        <button type="button" class="silence-switch" onClick={toAt}>
          say a time instead
        </button>
      }
    >
      <Input value={form.duration} placeholder="2h" onInput={(duration) => onChange({ duration })} />
    </Field>
  ) : (
    <Field
      label="Until"
      error={errors.ends}
      hint={
        <button type="button" class="silence-switch" onClick={() => onChange({ ends: "after" })}>
          say a length instead
        </button>
      }
    >
      <Input type="datetime-local" value={form.end} onInput={(end) => onChange({ end })} />
    </Field>
  );
}

function safeZone(zone: string): string {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: zone });
    return zone;
  } catch {
    return "UTC";
  }
}

function Recurs({ form, errors, onChange }: FieldsProps) {
  const days = daysOf(form.rrule);
  return (
    <>
      <Toggle
        label="It recurs"
        value={form.recurs}
        onChange={(recurs) => onChange({ recurs, ...(recurs ? { untilResolved: false } : {}) })}
      />
      {form.recurs ? (
        <div class="silence-nested stack">
          <Choices label="Days of the week">
            {DAYS.map((day) => (
              <Button
                key={day}
                small
                pressed={days.includes(day)}
                label={dayName(day)}
                onPress={() =>
                  onChange({ rrule: weekly(days.includes(day) ? days.filter((one) => one !== day) : [...days, day]) })
                }
              >
                {dayName(day).slice(0, 3)}
              </Button>
            ))}
            <Button small pressed={form.rrule === "FREQ=DAILY"} onPress={() => onChange({ rrule: "FREQ=DAILY" })}>
              every day
            </Button>
            <Button
              small
              pressed={form.rrule === "FREQ=MONTHLY;BYDAY=-1FR"}
              onPress={() => onChange({ rrule: "FREQ=MONTHLY;BYDAY=-1FR" })}
            >
              last Friday of the month
            </Button>
          </Choices>
          <Field label="Rule (RFC 5545)" hint={describe(form.rrule)} error={errors.rrule}>
            <Input value={form.rrule} onInput={(rrule) => onChange({ rrule })} />
          </Field>
        </div>
      ) : null}
    </>
  );
}

function UntilResolved({ form, errors, onChange }: FieldsProps) {
  return (
    <>
      <Toggle
        label="End it as soon as all of its alerts are resolved"
        value={form.untilResolved}
        onChange={(untilResolved) => onChange({ untilResolved, ...(untilResolved ? { recurs: false } : {}) })}
      />
      {form.untilResolved ? (
        <div class="silence-nested">
          <Field
            label="Nothing must have fired for"
            hint="an alert that comes back within this time keeps it alive"
            error={errors.grace}
          >
            <Input value={form.grace} placeholder="10m" onInput={(grace) => onChange({ grace })} />
          </Field>
        </div>
      ) : null}
    </>
  );
}
