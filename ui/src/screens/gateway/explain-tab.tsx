/** Where a request would go, and why not elsewhere. Nothing is sent, counted or taken from a limit. */

import { useState } from "preact/hooks";
import { get } from "../../api/client";
import type { GatewayExplanation as Explanation, GatewayListener as Listener } from "../../api/types";
import { Button } from "../../components/button";
import { Copy } from "../../components/copy";
import { Field } from "../../components/field";
import { Input } from "../../components/input";
import { Notice } from "../../components/notice";
import { Panel } from "../../components/panel";
import { Select } from "../../components/select";
import { Table } from "../../components/table";
import { useLoad } from "../../hooks/load";
import { setQuery, useRoute } from "../../router";
import { Explained } from "./explained";
import { explainCommand, parametersOfQuestion, type Question, questionOf } from "./question";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export function ExplainTab({ listeners }: { listeners: Listener[] | undefined }) {
  const { query } = useRoute();
  const asked = questionOf(query);
  // What is typed becomes the address when it is asked.
  const [question, setQuestion] = useState<Question>(asked ?? questionOf(new URLSearchParams("q.path=/")) ?? FIRST);
  const ask = () => {
    setQuery({
      "q.method": question.method,
      "q.host": question.host || null,
      "q.path": question.path || "/",
      "q.client": question.client || null,
      "q.listener": question.listener || null,
      "q.header": question.headers,
    });
  };
  return (
    <>
      <QuestionForm question={question} listeners={listeners ?? []} onChange={setQuestion} onAsk={ask} />
      {asked ? (
        <Answer question={asked} />
      ) : (
        <p class="dim">Describe a request and ask. Nothing is sent, counted or taken from a limit.</p>
      )}
    </>
  );
}

const FIRST: Question = { method: "GET", host: "", path: "/", client: "", listener: "", headers: [] };

interface FormProps {
  question: Question;
  listeners: Listener[];
  onChange: (question: Question) => void;
  onAsk: () => void;
}

function QuestionForm({ question, listeners, onChange, onAsk }: FormProps) {
  const set = (change: Partial<Question>) => onChange({ ...question, ...change });
  const known = METHODS.includes(question.method) ? METHODS : [question.method, ...METHODS];
  return (
    <form
      class="explain-form"
      onSubmit={(event) => {
        event.preventDefault();
        onAsk();
      }}
    >
      <Field label="Method">
        <Select value={question.method} onChange={(method) => set({ method })} options={known} />
      </Field>
      <Field label="Host">
        <Input value={question.host} onInput={(host) => set({ host })} onEnter={onAsk} placeholder="localhost" />
      </Field>
      <Field label="Path">
        <Input value={question.path} onInput={(path) => set({ path })} onEnter={onAsk} placeholder="/checkout/cart" />
      </Field>
      <Field label="Client">
        <Input value={question.client} onInput={(client) => set({ client })} onEnter={onAsk} placeholder="127.0.0.1" />
      </Field>
      {listeners.length > 1 && (
        <Field label="Listener">
          <Select
            value={question.listener}
            onChange={(listener) => set({ listener })}
            options={[
              { value: "", label: "the first for HTTP" },
              ...listeners.filter((one) => one.tcpBackend === null).map((one) => one.name),
            ]}
          />
        </Field>
      )}
      <Field label="Headers, one a line">
        <Input
          rows={1}
          value={question.headers.join("\n")}
          onInput={(text) => set({ headers: text === "" ? [] : text.split("\n") })}
          placeholder="x-tenant: a"
        />
      </Field>
      <Button kind="primary" type="submit">
        Explain
      </Button>
    </form>
  );
}

function Answer({ question }: { question: Question }) {
  const parameters = parametersOfQuestion(question);
  const state = useLoad(
    (signal) => get<Explanation>("/api/v1/gateway/explain", parameters, signal),
    [parameters.toString()],
  );
  return (
    <Panel
      title="What would become of it"
      state={state}
      actions={
        <>
          <Button small kind="plain" icon="again" onPress={state.again}>
            Ask again
          </Button>
          <Copy text={explainCommand(question)} label="Command">
            Copy as command
          </Copy>
        </>
      }
    >
      {(explanation) => (
        <div class="stack">
          {explanation.miss !== null && <Notice kind="critical">No route takes it: {explanation.miss}.</Notice>}
          {explanation.taken && <Explained explanation={explanation} taken={explanation.taken} />}
          <Verdicts explanation={explanation} />
        </div>
      )}
    </Panel>
  );
}

const VERDICTS = { taken: "taken", outranked: "outranked", no_match: "does not match" };

function Verdicts({ explanation }: { explanation: Explanation }) {
  return (
    <section class="stack explain-part">
      <h3>Routes of listener {explanation.listener}</h3>
      <Table
        name="verdicts"
        caption="Each route and why it takes the request or does not"
        bare
        rows={explanation.routes}
        id={(one) => one.route}
        columns={[
          { key: "route", title: "Route", cell: (one) => <strong>{one.route}</strong> },
          { key: "verdict", title: "Verdict", cell: (one) => VERDICTS[one.verdict] ?? one.verdict },
          { key: "reason", title: "Why", cell: (one) => <span class="gateway-wrap">{one.reason}</span> },
        ]}
      />
    </section>
  );
}
