/** One target: how its last scrape went, and how its labels came about. */

import { get } from "../../api/client";
import { Badge } from "../../components/badge";
import { Drawer } from "../../components/drawer";
import { exploreUrl } from "../../components/evidence";
import { KeyValue } from "../../components/key-value";
import { Labels as LabelList } from "../../components/labels";
import { Notice } from "../../components/notice";
import { Panel } from "../../components/panel";
import { Time } from "../../components/time";
import { number, seconds } from "../../format";
import { useLoad } from "../../hooks/load";
import { Link } from "../../router";
import { RangeChart } from "../gateway/range-chart";
import { type LabelChange, type Step, steps } from "./relabel";
import { Health } from "./targets-tab";
import type { Labels, RelabelStep, Target } from "./types";

interface TargetDrawerProps {
  /** Absent for one that relabelling dropped. */
  target: Target | undefined;
  pool: string;
  discovered: Labels;
  samples: number | undefined;
  onClose: () => void;
}

export function TargetDrawer({ target, pool, discovered, samples, onClose }: TargetDrawerProps) {
  const title = target?.labels.instance ?? discovered.__address__ ?? pool;
  return (
    <Drawer wide title={`${title} of job ${pool}`} onClose={onClose}>
      <div class="stack" key={JSON.stringify([pool, discovered])}>
        {target ? (
          <TargetFacts target={target} samples={samples} />
        ) : (
          <Notice kind="muted">It is not scraped: a relabelling rule dropped it. The steps below say which one.</Notice>
        )}
        <RelabelPanel pool={pool} discovered={discovered} final={target?.labels} />
        {target && <ScrapeCharts target={target} />}
      </div>
    </Drawer>
  );
}

function TargetFacts({ target, samples }: { target: Target; samples: number | undefined }) {
  return (
    <KeyValue
      rows={[
        ["State", <Health key="health" of={target.health} />],
        target.lastError !== "" && [
          "Last error",
          <span key="error" class="system-error">
            {target.lastError}
          </span>,
        ],
        ["Address", <ScrapeLink key="address" target={target} />],
        [
          "Last scrape",
          <span key="last">
            <Time at={target.lastScrape} /> <span class="dim">took {seconds(target.lastScrapeDuration)}</span>
          </span>,
        ],
        ["Samples", samples === undefined ? "no data" : number(samples)],
        ["Every", `${target.scrapeInterval}, at most ${target.scrapeTimeout}`],
        ["Labels", <LabelList key="labels" of={target.labels} />],
        [
          "Its metrics",
          <Link key="metrics" to={exploreUrl(selectorOf(target.labels))}>
            in Explore
          </Link>,
        ],
      ]}
    />
  );
}

/** Links lead to http(s) only; what is collected in the process has no address. */
function ScrapeLink({ target }: { target: Target }) {
  return <Link to={target.globalUrl}>{target.scrapeUrl}</Link>;
}

/** The series of one target. */
function selectorOf(labels: Labels, metric = ""): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${labelName(name)}=${JSON.stringify(value)}`);
  return `${metric}{${pairs.join(", ")}}`;
}

/** Names outside of the old alphabet are quoted in PromQL. */
function labelName(name: string): string {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : JSON.stringify(name);
}

function ScrapeCharts({ target }: { target: Target }) {
  return (
    <>
      <RangeChart name="Up" unit="" query={selectorOf(target.labels, "up")} label="up" height={80} />
      <RangeChart
        name="Scrape duration"
        unit="seconds"
        query={selectorOf(target.labels, "scrape_duration_seconds")}
        label="duration"
        height={100}
      />
      <RangeChart
        name="Samples of a scrape"
        unit=""
        query={selectorOf(target.labels, "scrape_samples_scraped")}
        label="scraped"
        more={[{ query: selectorOf(target.labels, "scrape_samples_post_metric_relabeling"), name: "kept" }]}
        height={100}
      />
    </>
  );
}

interface RelabelProps {
  pool: string;
  discovered: Labels;
  final: Labels | undefined;
}

function RelabelPanel({ pool, discovered, final }: RelabelProps) {
  const labels = JSON.stringify(discovered);
  const state = useLoad(
    (signal) => get<{ steps: RelabelStep[] }>("/api/v1/targets/relabel_steps", { scrapePool: pool, labels }, signal),
    [pool, labels],
  );
  return (
    <Panel title="How its labels came about" state={state}>
      {({ steps: said }) => (
        <ol class="system-steps">
          <li class="system-step">
            <span class="system-step-head">Discovered</span>
            <LabelList of={discovered} />
          </li>
          {steps(discovered, said).map((step) => (
            <StepLine key={step.number} step={step} />
          ))}
          {said.length === 0 && <li class="dim">The job has no relabelling rules.</li>}
          <li class="system-step">
            <span class="system-step-head">Scraped with</span>
            {final ? <LabelList of={final} /> : <span class="dim">nothing: it was dropped</span>}
          </li>
        </ol>
      )}
    </Panel>
  );
}

function StepLine({ step }: { step: Step }) {
  return (
    <li class={step.isSkipped ? "system-step is-skipped" : "system-step"}>
      <span class="system-step-head">
        {step.number}. {step.text}
      </span>
      {step.isSkipped ? (
        <span class="dim">not applied: it was dropped before</span>
      ) : step.isKept ? (
        <Changes changes={step.changes} />
      ) : (
        <Badge kind="critical">dropped here</Badge>
      )}
    </li>
  );
}

function Changes({ changes }: { changes: LabelChange[] }) {
  if (changes.length === 0) return <span class="dim">changed nothing</span>;
  return (
    <ul>
      {changes.map((change) => (
        <li key={change.name} class="system-change">
          <Badge>{change.kind}</Badge>
          <span class="mono">{change.name}</span>
          {change.before !== undefined && <del class="mono">{JSON.stringify(change.before)}</del>}
          {change.after !== undefined && <ins class="mono">{JSON.stringify(change.after)}</ins>}
        </li>
      ))}
    </ul>
  );
}
