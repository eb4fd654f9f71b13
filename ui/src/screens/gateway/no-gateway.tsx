/** What is shown where no gateway runs: how to get one. */

import { Code } from "../../components/code";
import { Empty } from "../../components/empty";
import { Page } from "../../components/page";

const ONE_SERVICE = "plimsoll gateway --listen 127.0.0.1:8080 --to http://127.0.0.1:8000";
const IN_SERVE = "plimsoll serve --gateway-listen 127.0.0.1:8080 --gateway-to http://127.0.0.1:8000";
const A_FILE = "plimsoll serve --gateway-config gateway.yml";

export function NoGateway() {
  return (
    <Page title="Gateway">
      <Empty
        title="No gateway runs here"
        lines={[
          "A gateway stands in front of a service: it counts every request exactly, checks and balances endpoints, retries within a budget, sheds the least important load first, and gives the service its golden signals and an SLO without a change to its code.",
          "Put one service behind it, without a file:",
        ]}
      >
        <Code text={ONE_SERVICE} language="command" wrap />
        <p>Or inside of the server, so that its signals are stored beside all others:</p>
        <Code text={IN_SERVE} language="command" wrap />
        <p>
          With several services, routes, limits and faults, write a file; <code>plimsoll gateway check</code> says what
          is wrong with it:
        </p>
        <Code text={A_FILE} language="command" wrap />
      </Empty>
    </Page>
  );
}
