/** The route that takes a request: its limits, its backends and each endpoint that could get it. */

import type { GatewayExplanation as Explanation } from "../../api/types";
import { Badge } from "../../components/badge";
import { KeyValue } from "../../components/key-value";
import { Notice } from "../../components/notice";
import { Status } from "../../components/status";
import { Table } from "../../components/table";
import { number, seconds } from "../../format";
import { State, Weight } from "./endpoints-tab";
import { levelsText, shareText } from "./states";

type Taken = NonNullable<Explanation["taken"]>;
type Backend = Taken["backends"][number];

export function Explained({ explanation, taken }: { explanation: Explanation; taken: Taken }) {
  const forwarded = explanation.forwardedPath;
  return (
    <div class="stack">
      <KeyValue
        rows={[
          ["Route", <strong>{taken.route}</strong>],
          ["Host and path", `${explanation.host}${explanation.path}`],
          forwarded !== null && forwarded !== explanation.path && ["Sent on as", forwarded],
          ["Criticality", taken.criticality],
          taken.limits.length > 0 && ["Limits", <Limits limits={taken.limits} />],
          taken.faults > 0 && ["Faults", `${taken.faults} may meet it`],
        ]}
      />
      {taken.endsHere !== null && <Notice kind="warning">It ends here: {taken.endsHere}.</Notice>}
      {taken.backends.map((backend) => (
        <Candidates key={backend.name} backend={backend} isOnly={taken.backends.length === 1} />
      ))}
    </div>
  );
}

function Limits({ limits }: { limits: Taken["limits"] }) {
  return (
    <ul>
      {limits.map(({ name, left, isDryRun }) => (
        <li key={name}>
          {name}:{" "}
          {left === 0 ? <Status kind="warning" word="none left" /> : `${number(left)} more from this client at once`}
          {isDryRun && <Badge kind="info">dry run</Badge>}
        </li>
      ))}
    </ul>
  );
}

function Candidates({ backend, isOnly }: { backend: Backend; isOnly: boolean }) {
  const { choice, levels } = backend;
  const levelsSaid = levelsText(levels);
  return (
    <section class="stack explain-part">
      <h3>
        Backend {backend.name}
        {!isOnly && `, ${shareText(backend.share)} of requests`}
        <span class="dim">, {backend.policy.replaceAll("_", " ")}</span>
      </h3>
      {"none" in choice ? (
        <Notice kind="critical">It would get nobody: {choice.none}.</Notice>
      ) : (
        <p>
          It would go to <strong>{choice.endpoint}</strong>{" "}
          <span class="dim">{WHY[choice.why] ?? choice.why}. Another one with the same merits may get the next.</span>
        </p>
      )}
      {levelsSaid !== null && <p class="dim">{levelsSaid}</p>}
      <Table
        name={`candidates-${backend.name}`}
        caption={`Endpoints of ${backend.name}`}
        bare={backend.candidates.length < 20}
        rows={backend.candidates}
        id={(one) => one.name}
        columns={[
          {
            key: "eligible",
            title: "May get it",
            cell: (one) => <Status kind={one.isEligible ? "ok" : "critical"} word={one.isEligible ? "yes" : "no"} />,
            sort: (one) => Number(one.isEligible),
          },
          { key: "endpoint", title: "Endpoint", cell: (one) => <strong>{one.name}</strong>, sort: (one) => one.name },
          { key: "reason", title: "Why", cell: (one) => <span class="gateway-wrap">{one.reason}</span> },
          { key: "state", title: "State", cell: (one) => <State endpoint={one} />, priority: 2 },
          {
            key: "latency",
            title: "Latency (EWMA)",
            align: "end",
            cell: (one) => seconds(one.latencySeconds),
            sort: (one) => one.latencySeconds,
            priority: 2,
          },
          {
            key: "inflight",
            title: "In flight",
            align: "end",
            cell: (one) => number(one.inFlight),
            sort: (one) => one.inFlight,
            priority: 2,
          },
          { key: "weight", title: "Weight", align: "end", cell: (one) => <Weight endpoint={one} />, priority: 3 },
        ]}
      />
    </section>
  );
}

const WHY: Record<string, string> = {
  policy: "by the balancing policy",
  sticky: "because it sticks to it",
  panic: "because too few are healthy, so all get requests",
};
