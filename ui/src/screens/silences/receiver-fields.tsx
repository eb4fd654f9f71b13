// For whom it holds: everybody, or some receivers.

import { get } from "../../api/client";
import { Button } from "../../components/button";
import { useLoad } from "../../hooks/load";
import { Choices } from "../alerts/choices";
import { optional } from "../alerts/load";
import { receiverName } from "./form";
import { type FieldsProps, Wrong } from "./matcher-fields";
import { formatMatcher, matcher } from "./matchers";

export function ReceiverFields({ form, errors, onChange }: FieldsProps) {
  const load = useLoad((signal) => optional(get<{ name: string }[]>("/api/v2/receivers", undefined, signal)), []);
  const names = (load.data ?? []).map((receiver) => receiver.name);
  const texts = names.map((name) => formatMatcher(matcher("name", "=", name)));
  const others = form.receivers.filter((text) => !names.includes(receiverName(text) ?? ""));
  const flip = (text: string) => {
    const isThere = form.receivers.includes(text);
    onChange({ receivers: isThere ? form.receivers.filter((one) => one !== text) : [...form.receivers, text] });
  };
  if (names.length < 2 && form.receivers.length === 0) return null;
  return (
    <fieldset class="silence-fieldset">
      <legend>For whom</legend>
      <Choices label="Receivers">
        <Button small pressed={form.receivers.length === 0} onPress={() => onChange({ receivers: [] })}>
          all receivers
        </Button>
        {texts.map((text, index) => (
          <Button key={text} small pressed={form.receivers.includes(text)} onPress={() => flip(text)}>
            {names[index]}
          </Button>
        ))}
        {others.map((text) => (
          <Button key={text} small pressed icon="close" onPress={() => flip(text)}>
            {text}
          </Button>
        ))}
      </Choices>
      {form.receivers.length > 0 ? <p class="dim">The others are told as always.</p> : null}
      <Wrong text={errors.receivers} />
    </fieldset>
  );
}
