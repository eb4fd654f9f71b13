// Metrics: what there is, what it means, how large it is and who asks for it.

import "./explore-metrics.css";
import { Page } from "../../components/page";
import { Tabs } from "../../components/tabs";
import { Link, useQueryState } from "../../router";
import { CardinalityTables } from "./cardinality";
import { Finder } from "./finder";

type Tab = "metrics" | "cardinality";

export default function Metrics() {
  const [tab, setTab] = useQueryState("tab", "metrics");
  const open: Tab = tab === "cardinality" ? "cardinality" : "metrics";
  return (
    <Page title="Metrics" actions={<Link to="/explore">Explore</Link>}>
      <Tabs<Tab>
        tabs={[
          { id: "metrics", title: "Metrics" },
          { id: "cardinality", title: "Cardinality" },
        ]}
        value={open}
        onChange={setTab}
        label="Metrics or cardinality"
      >
        {open === "metrics" ? <Finder /> : <CardinalityTables />}
      </Tabs>
    </Page>
  );
}
