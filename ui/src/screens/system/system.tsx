/** The server itself: what it scrapes, stores, is asked and was told; what is wrong first. */

import { get } from "../../api/client";
import { useTick } from "../../api/live";
import { instant, single } from "../../api/promql";
import { Notice } from "../../components/notice";
import { Page } from "../../components/page";
import { Tabs } from "../../components/tabs";
import { useLoad } from "../../hooks/load";
import { Link, useQueryState } from "../../router";
import { usePulse } from "../gateway/pulse";
import { AboutTab } from "./about-tab";
import { ConfigTab } from "./config-tab";
import { type Problem, problems } from "./problems";
import { QueriesTab } from "./queries-tab";
import { DROPPED, ERRORS, SendersTab } from "./senders-tab";
import { StorageTab } from "./storage-tab";
import "./system.css";
import { TargetsTab } from "./targets-tab";
import type { RuntimeInfo, StoreStatus, Targets } from "./types";

const TABS = ["targets", "storage", "queries", "config", "senders", "about"] as const;
type Tab = (typeof TABS)[number];
const TITLES: Record<Tab, string> = {
  targets: "Targets",
  storage: "Storage",
  queries: "Queries",
  config: "Configuration",
  senders: "Alert senders",
  about: "About",
};

/** How often what may be wrong is looked at, in milliseconds. */
const EVERY_MS = 10_000;

export default function SystemScreen() {
  const [word, setTab] = useQueryState("tab", "targets");
  const tab: Tab = TABS.find((one) => one === word) ?? "targets";
  const pulse = usePulse(EVERY_MS);
  const tick = useTick(["targets"]);
  const targets = useLoad((signal) => get<Targets>("/api/v1/targets", undefined, signal), [pulse, tick]);
  const store = useLoad((signal) => get<StoreStatus>("/api/v1/status/store", undefined, signal), [pulse]);
  const runtime = useLoad((signal) => get<RuntimeInfo>("/api/v1/status/runtimeinfo", undefined, signal), [pulse]);
  const senders = useLoad(loadSenders, [pulse]);
  const found = problems({
    targets: targets.data?.activeTargets,
    store: store.data,
    runtime: runtime.data,
    ...senders.data,
  });
  return (
    <Page title="System">
      <div class="stack">
        <Problems found={found} />
        <Tabs<Tab>
          label="Parts of the server"
          value={tab}
          onChange={setTab}
          tabs={TABS.map((id) => ({
            id,
            title: TITLES[id],
            ...(id === "targets" ? { count: targets.data?.activeTargets.length } : {}),
          }))}
        >
          {tab === "targets" && <TargetsTab targets={targets} />}
          {tab === "storage" && <StorageTab store={store} pulse={pulse} />}
          {tab === "queries" && <QueriesTab />}
          {tab === "config" && <ConfigTab runtime={runtime} />}
          {tab === "senders" && <SendersTab pulse={pulse} />}
          {tab === "about" && <AboutTab runtime={runtime} />}
        </Tabs>
      </div>
    </Page>
  );
}

async function loadSenders(signal: AbortSignal) {
  const [dropped, errors] = await Promise.all([
    instant(`sum(${DROPPED})`, undefined, signal),
    instant(`sum(${ERRORS})`, undefined, signal),
  ]);
  return { alertsDropped: single(dropped), sendErrors: single(errors) };
}

function Problems({ found }: { found: Problem[] }) {
  if (found.length === 0) return null;
  return (
    <section class="stack system-problems" aria-label="Problems">
      {found.map((problem) => (
        <Notice key={problem.text} kind={problem.kind}>
          {problem.text} <Link to={`/system?tab=${problem.tab}`}>{TITLES[problem.tab]}</Link>
        </Notice>
      ))}
    </section>
  );
}
