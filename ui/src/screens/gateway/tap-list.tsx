/** The requests of the tap as a list, and one of them in full. */

import type { TapTry } from "../../api/types";
import { Copy } from "../../components/copy";
import { Drawer } from "../../components/drawer";
import { KeyValue } from "../../components/key-value";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { Time } from "../../components/time";
import { bytes, number, seconds } from "../../format";
import { Link } from "../../router";
import { formatClock } from "../../time/format";
import { useZone } from "../../time/zone";
import type { TapFilter, TapRequest } from "./tap-lines";
import { addressOf, classKind, explainUrl } from "./tap-words";

interface TapTableProps {
  requests: TapRequest[];
  open: TapRequest | null;
  onOpen: (request: TapRequest) => void;
}

/** Rows come by themselves, so they are not sorted: the newest is at the top. */
export function TapTable({ requests, open, onOpen }: TapTableProps) {
  const zone = useZone();
  return (
    <div class="tap-table">
      <Table
        name="tap"
        caption="Requests, the newest first"
        bare
        rows={requests}
        id={(one) => String(one.id)}
        onOpen={onOpen}
        open={open === null ? null : String(open.id)}
        columns={[
          {
            key: "time",
            title: "Began",
            cell: (one) => (
              <span class="mono">
                {formatClock(one.time, zone)}
                <span class="dim">{one.time.slice(19, 23)}</span>
              </span>
            ),
          },
          {
            key: "status",
            title: "Status",
            cell: (one) => (
              <Status kind={classKind(one.class)} word={one.status === 0 ? "reset" : String(one.status)} />
            ),
          },
          { key: "method", title: "Method", cell: (one) => one.method, priority: 2 },
          {
            key: "path",
            title: "Path",
            cell: (one) => (
              <span class="mono tap-path" title={`${one.host}${one.path}`}>
                {one.path}
              </span>
            ),
          },
          { key: "took", title: "Took", align: "end", cell: (one) => seconds(one.duration_ms / 1000) },
          { key: "route", title: "Route", cell: (one) => one.route ?? <span class="dim">none</span>, priority: 2 },
          {
            key: "endpoint",
            title: "Endpoint",
            cell: (one) => one.endpoint ?? <span class="dim">none</span>,
            priority: 2,
          },
          {
            key: "reason",
            title: "Reason",
            cell: (one) =>
              one.reason === "ok" ? <span class="dim">ok</span> : String(one.reason).replaceAll("_", " "),
            priority: 2,
          },
          {
            key: "attempts",
            title: "Attempts",
            align: "end",
            cell: (one) =>
              one.attempts > 1 ? <strong>{one.attempts}</strong> : <span class="dim">{one.attempts}</span>,
            priority: 3,
          },
          { key: "client", title: "Client", cell: (one) => addressOf(one.client), priority: 3 },
          { key: "class", title: "Class", cell: (one) => one.criticality, priority: 3 },
        ]}
      />
    </div>
  );
}

interface TapDrawerProps {
  request: TapRequest;
  onClose: () => void;
  onFilter: (name: keyof TapFilter, value: string) => void;
}

export function TapDrawer({ request, onClose, onFilter }: TapDrawerProps) {
  const only = (name: keyof TapFilter, value: string, shown: string = value) => (
    <button type="button" class="tap-only" title="Only such requests" onClick={() => onFilter(name, value)}>
      {shown}
    </button>
  );
  return (
    <Drawer
      title={`${request.method} ${request.path.length > 60 ? `${request.path.slice(0, 60)}...` : request.path}`}
      onClose={onClose}
      actions={<Copy text={JSON.stringify(request, null, 2)} label="Request" />}
    >
      <div class="stack">
        <p>
          <Link to={explainUrl(request)}>Where would it go now?</Link>
        </p>
        <KeyValue
          rows={[
            ["Began", <Time at={request.time} />],
            [
              "Status",
              <Status kind={classKind(request.class)} word={`${request.status}, counts as ${request.class}`} />,
            ],
            ["Reason", only("reason", request.reason, request.reason.replaceAll("_", " "))],
            ["Host", <span class="gateway-wrap">{request.host === "" ? "none" : request.host}</span>],
            ["Path", <span class="mono gateway-wrap">{request.path}</span>],
            ["Route", request.route === undefined ? "none" : only("route", request.route)],
            ["Backend", request.backend === undefined ? "none" : only("backend", request.backend)],
            ["Endpoint", request.endpoint === undefined ? "none" : only("endpoint", request.endpoint)],
            ["Client", only("client", addressOf(request.client), request.client)],
            ["Listener", `${request.listener}, ${request.protocol}`],
            ["Criticality", request.criticality],
            ["Took", `${seconds(request.duration_ms / 1000)}, to the head ${seconds(request.head_ms / 1000)}`],
            request.queue_ms > 0 && ["Waited for a place", seconds(request.queue_ms / 1000)],
            ["Bodies", `${bytes(request.bytes_in)} in, ${bytes(request.bytes_out)} out`],
            request.grpc_status !== undefined && ["gRPC status", number(request.grpc_status)],
            request.user_agent !== undefined && ["User agent", <span class="gateway-wrap">{request.user_agent}</span>],
            ["Trace", <span class="mono gateway-wrap">{only("trace", request.trace_id)}</span>],
            request.retry_refused !== undefined && ["No further attempt", request.retry_refused.replaceAll("_", " ")],
            ["Attempts", number(request.attempts)],
          ]}
        />
        {request.tries !== undefined && <Tries tries={request.tries} />}
      </div>
    </Drawer>
  );
}

function Tries({ tries }: { tries: TapTry[] }) {
  return (
    <Table
      name="tries"
      bare
      rows={tries.map((one, index) => ({ ...one, index }))}
      id={(one) => String(one.index)}
      columns={[
        { key: "endpoint", title: "Endpoint", cell: (one) => one.endpoint },
        { key: "outcome", title: "Outcome", cell: (one) => String(one.outcome).replaceAll("_", " ") },
        { key: "began", title: "Began after", align: "end", cell: (one) => seconds(one.began_ms / 1000) },
        { key: "took", title: "Took", align: "end", cell: (one) => seconds(one.took_ms / 1000) },
        { key: "why", title: "Why there", cell: (one) => `${one.why}${one.hedge ? ", hedge" : ""}` },
      ]}
    />
  );
}
