/** What is shown when no host was measured: how to measure one. */

import { Code } from "../../components/code";
import { Empty } from "../../components/empty";
import { Page } from "../../components/page";

const SCRAPE = `scrape_configs:
  - job_name: node
    static_configs:
      - targets: ["10.0.0.7:9100"]`;

export function NoHosts() {
  return (
    <Page title="Hosts">
      <Empty
        title="No host was measured in the last hour"
        lines={[
          "The server measures the host it runs on by itself, as the job node; it was told not to (--no-host-metrics), or runs where there is no /proc.",
          "For other hosts, run node_exporter there and scrape it:",
        ]}
      >
        <Code text={SCRAPE} language="YAML" />
      </Empty>
    </Page>
  );
}
