// The editor: what to silence, for how long, why, and beside it which alerts that is about now.

import { useMemo, useState } from "preact/hooks";
import { ApiError, get, post } from "../../api/client";
import { Button } from "../../components/button";
import { Copy } from "../../components/copy";
import { ErrorNote } from "../../components/error-note";
import { Notice } from "../../components/notice";
import { Page } from "../../components/page";
import { Panel } from "../../components/panel";
import { notify } from "../../components/toast";
import { useLoad } from "../../hooks/load";
import { navigate, useRoute } from "../../router";
import { useZone } from "../../time";
import { command } from "../alerts/cli";
import { alertPath } from "../alerts/row";
import { rememberAuthor, rememberedAuthor } from "./author";
import {
  type FormErrors,
  fieldOf,
  formOf,
  newForm,
  payload,
  replaces,
  type SilenceForm,
  silenceWords,
  validate,
} from "./form";
import { silencePath } from "./list";
import { MatcherFields } from "./matcher-fields";
import { type Matcher, parseMatchers } from "./matchers";
import { PreviewPanel } from "./preview";
import { ReceiverFields } from "./receiver-fields";
import { TimeFields } from "./time-fields";
import type { Silence } from "./types";
import { WhoAndWhy } from "./who-and-why";
import { localZone } from "./zoned";

export function Editor() {
  const { query } = useRoute();
  const id = query.get("edit");
  const zone = useZone() === "utc" ? "UTC" : localZone();
  const load = useLoad(
    async (signal): Promise<Silence | null> =>
      id === null ? null : get<Silence>(`/api/v2/silence/${encodeURIComponent(id)}`, undefined, signal),
    [id],
  );
  const prefilled = useMemo(() => readable(query.get("new") ?? ""), []);
  if (load.data === undefined) {
    return (
      <Page title="Change a silence" crumbs={CRUMBS}>
        <Panel state={load} />
      </Page>
    );
  }
  const original = load.data ?? undefined;
  const form =
    original === undefined ? newForm(prefilled.matchers, rememberedAuthor(), zone) : formOf(original, zone, Date.now());
  return <Form initial={form} original={original} wrong={prefilled.wrong} alert={query.get("alert")} />;
}

const CRUMBS = [{ title: "Silences", to: "/silences" }];

/** The conditions of an address, which anybody may have written. */
function readable(text: string): { matchers: Matcher[]; wrong: string | null } {
  try {
    return { matchers: parseMatchers(text), wrong: null };
  } catch (error) {
    return { matchers: [], wrong: `The conditions of the link cannot be read: ${(error as Error).message}` };
  }
}

interface FormProps {
  initial: SilenceForm;
  original: Silence | undefined;
  wrong: string | null;
  /** The alert that the reader came from. */
  alert: string | null;
}

function Form({ initial, original, wrong, alert }: FormProps) {
  const [form, setForm] = useState(initial);
  const [isTried, setTried] = useState(false);
  const { send, isBusy, refused, clearRefused } = useSend(original, alert);
  const change = (part: Partial<SilenceForm>) => {
    clearRefused();
    setForm((before) => ({ ...before, ...part }));
  };
  const own = validate(form, Date.now(), original);
  const errors: FormErrors = { ...(isTried ? own : {}), ...refused.errors };
  const submit = (event: Event) => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(own).length === 0) void send(form);
  };
  const isNew = form.id === undefined;
  return (
    <Page title={isNew ? "New silence" : "Change a silence"} crumbs={CRUMBS}>
      {wrong === null ? null : <Notice kind="warning">{wrong}</Notice>}
      <div class="silence-editor">
        <form class="silence-form stack" aria-label="Silence" onSubmit={submit} noValidate>
          <MatcherFields form={form} errors={errors} onChange={change} />
          <TimeFields form={form} errors={errors} original={original} onChange={change} />
          <ReceiverFields form={form} errors={errors} onChange={change} />
          <WhoAndWhy form={form} errors={errors} onChange={change} />
          {refused.other === null ? null : <ErrorNote error={refused.other} />}
          <div class="row">
            <Button kind="primary" type="submit" disabled={isBusy}>
              {isNew ? "Silence" : "Change the silence"}
            </Button>
            <Button onPress={() => navigate(alert === null ? "/silences" : alertPath(alert))}>Cancel</Button>
            <Copy text={command(...silenceWords(form))} label="command">
              Copy as CLI
            </Copy>
          </div>
          <ReplaceNote form={form} original={original} />
        </form>
        <PreviewPanel form={form} />
      </div>
    </Page>
  );
}

/** What a change does to what was: a silence whose past would be rewritten is ended, and a new one takes its place. */
function ReplaceNote({ form, original }: { form: SilenceForm; original: Silence | undefined }) {
  if (original === undefined || !replaces(form, original, Date.now())) return null;
  return <p class="dim">What it did stays true: this silence is ended, and a new one with a new id takes its place.</p>;
}

interface Refused {
  errors: FormErrors;
  other: Error | null;
}

const NONE: Refused = { errors: {}, other: null };

/** Posts a silence; what the server refuses stands at its field. */
function useSend(original: Silence | undefined, alert: string | null) {
  const [isBusy, setBusy] = useState(false);
  const [refused, setRefused] = useState(NONE);
  const send = async (form: SilenceForm) => {
    setBusy(true);
    try {
      const { silenceID } = await post<{ silenceID: string }>("/api/v2/silences", payload(form, Date.now(), original));
      rememberAuthor(form.createdBy.trim());
      notify(form.id === undefined ? "The silence holds." : "The silence is changed.");
      navigate(alert === null ? silencePath(silenceID) : alertPath(alert));
    } catch (error) {
      setBusy(false);
      setRefused(refusalOf(error));
    }
  };
  return { send, isBusy, refused, clearRefused: () => setRefused(NONE) };
}

function refusalOf(error: unknown): Refused {
  const other = error instanceof Error ? error : new Error(String(error));
  if (!(other instanceof ApiError) || other.status < 400 || other.status >= 500) return { errors: {}, other };
  const field = fieldOf(other.message);
  return field === "form" ? { errors: {}, other } : { errors: { [field]: other.message }, other: null };
}
