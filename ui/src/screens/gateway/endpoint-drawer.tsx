/** One endpoint: everything that decides whether it is used. */

import { useState } from "preact/hooks";
import { post, withParams } from "../../api/client";
import type { GatewayCheck as Checked } from "../../api/types";
import { Button } from "../../components/button";
import { Drawer } from "../../components/drawer";
import { ErrorNote } from "../../components/error-note";
import { KeyValue } from "../../components/key-value";
import { Status } from "../../components/status";
import { Time } from "../../components/time";
import { number, seconds } from "../../format";
import { Breaker, Checks, EndpointOrders, type EndpointRow, State, Weight } from "./endpoints-tab";
import { attemptLatency, attempts, errors, events, requests } from "./evidence";
import type { Asked } from "./order-dialog";
import { RangeChart } from "./range-chart";
import { Proven } from "./route-drawer";
import { Errors, Requests } from "./routes-tab";
import { OUTCOME_COLORS } from "./states";

interface EndpointDrawerProps {
  row: EndpointRow;
  onClose: () => void;
  onAsk: (asked: Asked) => void;
}

export function EndpointDrawer({ row, onClose, onAsk }: EndpointDrawerProps) {
  const { endpoint, happened } = row;
  const of = { backend: endpoint.backend, endpoint: endpoint.name };
  return (
    <Drawer
      wide
      title={
        <>
          {endpoint.name} <span class="dim">of {endpoint.backend}</span>
        </>
      }
      onClose={onClose}
    >
      <div class="stack" key={`${endpoint.backend}\n${endpoint.name}`}>
        <EndpointOrders endpoint={endpoint} onAsk={onAsk} />
        <KeyValue
          rows={[
            ["State", <State endpoint={endpoint} />],
            endpoint.reason !== "" && ["Why", endpoint.reason],
            endpoint.ejectedUntil !== null && ["Ejected until", <Until at={endpoint.ejectedUntil} />],
            ["Breaker", <Breaker endpoint={endpoint} />],
            endpoint.breakerOpenUntil !== null && ["Breaker open until", <Until at={endpoint.breakerOpenUntil} />],
            endpoint.admin !== "auto" && ["Ordered", endpoint.admin.replace("_", " ")],
            [
              "Requests",
              <Proven query={requests(of)}>
                <Requests happened={happened} />
              </Proven>,
            ],
            [
              "Errors",
              <Proven query={errors(of)}>
                <Errors happened={happened} />
              </Proven>,
            ],
            ["Latency (EWMA)", endpoint.latencySeconds > 0 ? seconds(endpoint.latencySeconds) : "no data"],
            ["In flight", number(endpoint.inFlight)],
            ["Connections", number(endpoint.connections)],
            ["Weight", <Weight endpoint={endpoint} />],
            ["Priority", number(endpoint.priority)],
          ]}
        />
        <CheckPanel row={row} />
        <RangeChart name="Attempts by outcome" unit="req/s" query={attempts(of)} colors={OUTCOME_COLORS} stacked />
        <RangeChart
          name="Time to the head of an answer"
          unit="seconds"
          query={attemptLatency(0.99, of)}
          more={[{ query: attemptLatency(0.5, of), name: "p50" }]}
          label="p99"
        />
        <RangeChart name="What happened to it" unit="" query={events(of)} />
      </div>
    </Drawer>
  );
}

function Until({ at }: { at: string }) {
  return (
    <>
      <Time at={at} />{" "}
      <span class="dim">
        (<Time at={at} relative />)
      </span>
    </>
  );
}

function CheckPanel({ row: { endpoint } }: { row: EndpointRow }) {
  const [isChecking, setChecking] = useState(false);
  const [found, setFound] = useState<Checked | Error | null>(null);
  const check = async () => {
    setChecking(true);
    try {
      const { backend, name } = endpoint;
      setFound(await post<Checked>(withParams("/api/v1/gateway/checks", { backend, endpoint: name })));
    } catch (error) {
      setFound(error instanceof Error ? error : new Error(String(error)));
    }
    setChecking(false);
  };
  return (
    <section class="stack gateway-check">
      <div class="row">
        <h3>Checks</h3>
        <Checks endpoint={endpoint} />
        {endpoint.checks !== null && (
          <Button small icon="again" disabled={isChecking} onPress={() => void check()}>
            {isChecking ? "Checking ..." : "Check now"}
          </Button>
        )}
      </div>
      {endpoint.checks === null && <p class="dim">The backend has no check: requests alone tell how it is.</p>}
      <KeyValue
        rows={[
          endpoint.checkError !== null && ["Last error", <span class="gateway-wrap">{endpoint.checkError}</span>],
          endpoint.checkedAt !== null && ["Checked", <Time at={endpoint.checkedAt} relative />],
          endpoint.nextCheck !== null && ["Next check", <Time at={endpoint.nextCheck} relative />],
        ]}
      />
      <div aria-live="polite">
        {found instanceof Error && <ErrorNote error={found} />}
        {found && !(found instanceof Error) && <Found checked={found} />}
      </div>
    </section>
  );
}

/** What a check found that was asked for; it does not count for health. */
function Found({ checked }: { checked: Checked }) {
  return (
    <p class="row">
      <Status kind={checked.hasPassed ? "ok" : "critical"} word={checked.hasPassed ? "passed" : "failed"} />
      <span>
        in {seconds(checked.tookSeconds)}
        {checked.error !== null && `: ${checked.error}`}
      </span>
      <span class="dim">It does not count for health.</span>
    </p>
  );
}
