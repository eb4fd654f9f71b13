/** The numbers of the whole gateway. */

import { get } from "../../api/client";
import type { Endpoint, GatewayLimits as Limits } from "../../api/types";
import { ErrorNote } from "../../components/error-note";
import { Tile } from "../../components/tile";
import { number, percent, rate } from "../../format";
import { type Loaded, useLoad } from "../../hooks/load";
import { ALL, type Windows } from "./activity";
import { errors, latency, RETRY_BUDGET, requests } from "./evidence";
import { errorKind, MEASURING } from "./routes-tab";
import { quantileText } from "./states";

interface OverviewProps {
  pulse: number;
  windows: Windows;
  activity: Loaded<number>;
  endpoints: Endpoint[] | undefined;
}

export function Overview({ pulse, windows, activity, endpoints }: OverviewProps) {
  const limits = useLoad((signal) => get<Limits>("/api/v1/gateway/limits", undefined, signal), [pulse]);
  const all = windows.all.happened(ALL);
  const share = all?.errors ?? null;
  const isFirst = all === null && activity.error === undefined;
  const measuring = isFirst ? <span class="gateway-measuring">{MEASURING}</span> : null;
  return (
    <>
      {activity.error && <ErrorNote error={activity.error} again={activity.again} />}
      <div class="tiles">
        <Tile
          label="Requests"
          value={all ? rate(all.rate) : measuring}
          sub={lasting(all?.seconds)}
          evidence={requests({})}
        />
        <Tile
          label="Errors"
          value={share === null ? measuring : percent(share)}
          sub={share === null ? undefined : "5xx of all but 499"}
          evidence={errors({})}
          {...(share === null ? {} : { status: errorKind(share) })}
        />
        <Tile
          label="p99"
          value={quantileText(all?.p99) ?? measuring}
          sub={all?.p50 ? `p50 ${quantileText(all.p50)}` : undefined}
          evidence={latency(0.99, {})}
        />
        <UsableTile endpoints={endpoints} />
        <Tile
          label="In flight"
          value={endpoints ? number(endpoints.reduce((sum, one) => sum + one.inFlight, 0)) : null}
          sub="attempts at endpoints"
        />
        <Tile
          label="Retry budget"
          value={limits.data ? number(limits.data.retryBudget) : null}
          sub="retries left for all routes"
          evidence={RETRY_BUDGET}
        />
      </div>
    </>
  );
}

function lasting(seconds: number | undefined): string | undefined {
  return seconds === undefined ? undefined : `in the last ${Math.round(seconds)} s`;
}

function UsableTile({ endpoints }: { endpoints: Endpoint[] | undefined }) {
  if (endpoints === undefined) return <Tile label="Endpoints in use" value={null} />;
  const usable = endpoints.filter((one) => one.isUsable).length;
  const unusable = endpoints.length - usable;
  const status =
    unusable === 0
      ? ({ kind: "ok", word: "all of them" } as const)
      : ({ kind: usable === 0 ? "critical" : "warning", word: `${unusable} out of use` } as const);
  return (
    <Tile
      label="Endpoints in use"
      value={`${usable} of ${endpoints.length}`}
      status={status}
      to="/gateway?tab=endpoints"
    />
  );
}
