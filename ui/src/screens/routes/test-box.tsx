// "Test these labels": where an alert with them would go, asked while one types.

import { useMemo } from "preact/hooks";
import { get } from "../../api/client";
import { Copy } from "../../components/copy";
import { ErrorNote } from "../../components/error-note";
import { Field } from "../../components/field";
import { Input } from "../../components/input";
import { useLoad } from "../../hooks/load";
import { command } from "../alerts/cli";
import { useSettled } from "../silences/preview";
import { labelParams, readLabels, type Tested } from "./model";

/** How long nobody must have typed. */
const PAUSE_MS = 200;

export interface Test {
  /** The ids of the routes that are taken; null when nothing is tested. */
  taken: string[] | null;
  receivers: string[];
  /** What is wrong with the text. */
  wrong: string | null;
  /** Why the server did not answer. */
  error: Error | null;
  labels: Record<string, string>;
}

/** Asks where the labels of a text lead. */
export function useTest(text: string): Test {
  const { labels, wrong } = useMemo(() => readable(text), [text]);
  const asked = useSettled(
    useMemo(() => JSON.stringify(labelParams(labels)), [labels]),
    PAUSE_MS,
  );
  const load = useLoad(
    (signal): Promise<Tested | null> => {
      const label = JSON.parse(asked) as string[];
      return label.length === 0
        ? Promise.resolve(null)
        : get<Tested>("/api/v1/alerting/routes/test", { label }, signal);
    },
    [asked],
  );
  const found = text.trim() === "" || wrong !== null ? null : (load.data ?? null);
  return {
    taken: found === null ? null : found.routes.map((route) => route.id),
    receivers: found?.receivers ?? [],
    wrong,
    error: load.error ?? null,
    labels,
  };
}

function readable(text: string): { labels: Record<string, string>; wrong: string | null } {
  try {
    return { labels: readLabels(text), wrong: null };
  } catch (error) {
    return { labels: {}, wrong: error instanceof Error ? error.message : String(error) };
  }
}

export interface TestBoxProps {
  text: string;
  onText(text: string): void;
  test: Test;
}

export function TestBox({ text, onText, test }: TestBoxProps) {
  const words = Object.entries(test.labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return (
    <div class="routes-test">
      <Field
        label="Test these labels"
        hint="as an alert has them; the path is marked below"
        error={test.wrong === null ? null : `${test.wrong}. Write severity=page, team="a b".`}
      >
        <Input class="mono" value={text} placeholder="severity=page, team=shop" onInput={onText} />
      </Field>
      {test.taken === null ? null : (
        <p class="row" aria-live="polite">
          <span>
            {test.receivers.length === 0 ? "Nobody is told." : "Told: "}
            <strong>{test.receivers.join(", ")}</strong>
          </span>
          <Copy text={command("alert", "route-test", ...words)} label="command">
            Copy as CLI
          </Copy>
        </p>
      )}
      {test.error === null ? null : <ErrorNote error={test.error} />}
    </div>
  );
}
