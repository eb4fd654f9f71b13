import type { ComponentChildren } from "preact";
import { ApiError } from "../../api/error";
import { Code } from "../../components/code";
import { Empty } from "../../components/empty";
import { ErrorNote } from "../../components/error-note";
import { Link } from "../../router";

const FIRST = `version: plimsoll/v1
service: checkout
slos:
  - name: availability
    objective: 99.9
    window: 30d
    sli:
      events:
        valid: http_requests_total{job="checkout"}
        bad: http_requests_total{job="checkout",code=~"5.."}
`;

export interface NoSlosProps {
  error: Error;
  again: () => void;
  /** What else helps when there is no such SLO. */
  children?: ComponentChildren;
}

/** Why there is nothing: a server that counts no objectives teaches how to begin, anything else says what went wrong. */
export function NoSlos({ error, again, children }: NoSlosProps) {
  if (error instanceof ApiError && error.status === 404 && error.message.includes("counts no objectives"))
    return <FirstSlo />;
  return (
    <div class="stack">
      <ErrorNote error={error} again={again} />
      {children}
    </div>
  );
}

/** How to write the first SLO. */
export function FirstSlo() {
  return (
    <Empty
      title="No objective yet"
      lines={[
        <>
          An objective says which share of events is promised to be good, and over which time; what may be bad is the
          error budget. Write this to <code>slo/checkout.yml</code>, with a counter that you have (
          <Link to="/explore/metrics">which ones there are</Link>):
        </>,
      ]}
    >
      <Code text={FIRST} language="YAML" />
      <p>Check it, then name it in the configuration or on the command line:</p>
      <Code
        language="shell"
        text={`plimsoll check slo slo/*.yml\nplimsoll serve --config prometheus.yml --slo-files 'slo/*.yml'\n`}
      />
      <p>
        A route of the gateway is an indicator as well: <code>{"sli: {gateway: {route: checkout}}"}</code>.{" "}
        <code>plimsoll slo init</code> proposes SLOs from the metrics that are here, and{" "}
        <code>plimsoll slo import</code> reads those of Sloth, Pyrra and OpenSLO.
      </p>
    </Empty>
  );
}
