/** The dialogs in which orders are given. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { post } from "../../api/client";
import type { GatewayOrder } from "../../api/types";
import { Button } from "../../components/button";
import { Code } from "../../components/code";
import { Dialog } from "../../components/dialog";
import { ErrorNote } from "../../components/error-note";
import { Field } from "../../components/field";
import { Input } from "../../components/input";
import { Notice } from "../../components/notice";
import { Select } from "../../components/select";
import { notify } from "../../components/toast";
import {
  command,
  type FaultForm,
  faultOrder,
  isDangerous,
  LASTS,
  maintenanceOrder,
  meaning,
  type Order,
  subject,
  verb,
  WEIGHT_MAX,
  whole,
} from "./orders";

/** What a reader is about to order: an order that is complete, or one whose details are asked for first. */
export type Asked =
  | Order
  | { ask: "weight"; backend: string; endpoint: string; weight: number; declared: number }
  | { ask: "maintenance" | "fault"; route: string };

interface Close {
  onClose: () => void;
  /** The order is in force. */
  onDone: () => void;
}

/** Asks for an order's details and for a confirmation; nothing happens before that. */
export function OrderDialog({ asked, ...close }: { asked: Asked } & Close) {
  if ("order" in asked) return <Confirm order={asked} title={titleOf(asked)} {...close} />;
  if (asked.ask === "weight") return <WeightDialog {...asked} {...close} />;
  if (asked.ask === "maintenance") return <MaintenanceDialog route={asked.route} {...close} />;
  return <FaultDialog route={asked.route} {...close} />;
}

function titleOf(order: Order): string {
  return `${verb(order)}: ${subject(order)}`;
}

interface ConfirmProps extends Close {
  title: string;
  /** Absent while what is filled in makes none. */
  order?: Order | undefined;
  children?: ComponentChildren;
}

function Confirm({ order, title, children, onClose, onDone }: ConfirmProps) {
  const [isSending, setSending] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const send = async () => {
    if (order === undefined || isSending) return;
    setSending(true);
    setError(null);
    try {
      await post("/api/v1/gateway/orders", order satisfies GatewayOrder);
      notify(`${verb(order)}: ${subject(order)} is in force`);
      onDone();
      onClose();
    } catch (refused) {
      setError(refused instanceof Error ? refused : new Error(String(refused)));
      setSending(false);
    }
  };
  const danger = order !== undefined && isDangerous(order);
  return (
    <Dialog
      title={title}
      danger={danger}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            kind={danger ? "danger" : "primary"}
            disabled={order === undefined || isSending}
            onPress={() => void send()}
          >
            {order === undefined ? "Fill in what is marked" : verb(order)}
          </Button>
        </>
      }
    >
      <div class="stack gateway-order">
        {children}
        {order !== undefined && (
          <>
            <Notice kind={danger ? "warning" : "info"}>
              {meaning(order)} <span class="dim">{LASTS}</span>
            </Notice>
            <div>
              <p class="dim">The same as a command:</p>
              <Code text={command(order)} language="command" wrap />
            </div>
          </>
        )}
        {error && <ErrorNote error={error} />}
      </div>
    </Dialog>
  );
}

interface WeightProps extends Close {
  backend: string;
  endpoint: string;
  weight: number;
  declared: number;
}

function WeightDialog({ backend, endpoint, weight, declared, ...close }: WeightProps) {
  const [text, setText] = useState(String(weight));
  const value = whole(text, 0, WEIGHT_MAX);
  const order: Order | undefined = value === null ? undefined : { order: "weight", backend, endpoint, weight: value };
  return (
    <Confirm order={order} title={`Weight: ${endpoint} of ${backend}`} {...close}>
      <Field
        label="Weight"
        hint={`Relative to the weights of the others. The file says ${declared}.`}
        error={value === null ? `A whole number from 0 to ${WEIGHT_MAX}.` : null}
      >
        <Input value={text} onInput={setText} autofocus />
      </Field>
    </Confirm>
  );
}

function MaintenanceDialog({ route, ...close }: { route: string } & Close) {
  const [status, setStatus] = useState("503");
  const [body, setBody] = useState("in maintenance");
  const { order, wrong } = maintenanceOrder(route, status, body);
  return (
    <Confirm order={order} title={`Maintenance: ${route}`} {...close}>
      <Field label="Status" error={wrong.status}>
        <Input value={status} onInput={setStatus} autofocus />
      </Field>
      <Field label="Text of the answer" error={wrong.body}>
        <Input value={body} onInput={setBody} rows={3} />
      </Field>
    </Confirm>
  );
}

const FIRST_FAULT: FaultForm = { kind: "delay", delay: "200ms", status: "503", share: "10", header: "", lasts: "10m" };

function FaultDialog({ route, ...close }: { route: string } & Close) {
  const [form, setForm] = useState(FIRST_FAULT);
  const set = (change: Partial<FaultForm>) => setForm({ ...form, ...change });
  const { order, wrong } = faultOrder(route, form);
  return (
    <Confirm order={order} title={`Fault: ${route}`} {...close}>
      <div class="gateway-fields">
        <Field label="What happens">
          <Select
            value={form.kind}
            onChange={(kind) => set({ kind })}
            options={[
              { value: "delay", label: "Requests wait" },
              { value: "abort", label: "Requests are answered" },
              { value: "reset", label: "Connections are reset" },
            ]}
          />
        </Field>
        {form.kind === "delay" && (
          <Field label="How long they wait" hint="At most 5m." error={wrong.delay}>
            <Input value={form.delay} onInput={(delay) => set({ delay })} />
          </Field>
        )}
        {form.kind === "abort" && (
          <Field label="Status" hint="400 to 599." error={wrong.status}>
            <Input value={form.status} onInput={(status) => set({ status })} />
          </Field>
        )}
        <Field label="Percent of requests" error={wrong.share}>
          <Input value={form.share} onInput={(share) => set({ share })} />
        </Field>
        <Field label="Ends by itself after" hint="At most 1d." error={wrong.lasts}>
          <Input value={form.lasts} onInput={(lasts) => set({ lasts })} />
        </Field>
        <Field label="Only with the header" hint="name, or name: value. Empty for all requests.">
          <Input value={form.header} onInput={(header) => set({ header })} placeholder="x-test: 1" />
        </Field>
      </div>
    </Confirm>
  );
}
