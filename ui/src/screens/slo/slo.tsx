// One SLO: how it is kept, what is left, why somebody is told, and what another promise would have meant.

import { get } from "../../api/client";
import { useTick } from "../../api/live";
import { Button } from "../../components/button";
import { ErrorNote } from "../../components/error-note";
import { Labels } from "../../components/labels";
import { Notice } from "../../components/notice";
import { Page } from "../../components/page";
import { Panel, Skeleton } from "../../components/panel";
import { Status } from "../../components/status";
import { useLoad } from "../../hooks/load";
import { Link, useQueryState, useRoute } from "../../router";
import { Time } from "../../time";
import { originPath } from "../now/links";
import { NoSlos } from "../slos/no-slos";
import { apiPath, findBudget, isComposite } from "./budget";
import { BurnTable } from "./burn-table";
import { quoted } from "./burns";
import { Charts } from "./charts";
import { Choices } from "./choices";
import { Corrections } from "./corrections";
import { DefinitionPanel } from "./definition";
import { Exclusions } from "./exclusions";
import { Figures } from "./figures";
import { Groups } from "./groups";
import { Parts } from "./parts";
import { stateOf } from "./states";
import type { Budget, Slo } from "./types";
import { useVerification, VerifiedPanel } from "./verify";
import { Versions } from "./versions";
import { WhatIf } from "./what-if";
import "./slo.css";

export default function SloScreen() {
  const { params } = useRoute();
  const id = `${params.service}/${params.name}`;
  // A screen of its own for each: nothing of the one before may be seen.
  return <One key={id} id={id} />;
}

function One({ id }: { id: string }) {
  const tick = useTick(["slos"]);
  const loaded = useLoad((signal) => get<Slo>(apiPath(id), undefined, signal), [id, tick]);
  const crumbs = [{ title: "SLOs", to: "/slos" }];
  if (loaded.data === undefined) {
    return (
      <Page title={id.replace("/", " / ")} crumbs={crumbs}>
        {loaded.error === undefined ? <Skeleton /> : <Missing error={loaded.error} again={loaded.again} />}
      </Page>
    );
  }
  return (
    <>
      {loaded.error !== undefined && <ErrorNote error={loaded.error} again={loaded.again} />}
      <Shown slo={loaded.data} tick={tick} />
    </>
  );
}

function Missing({ error, again }: { error: Error; again: () => void }) {
  return (
    <NoSlos error={error} again={again}>
      <p>
        Which ones there are, is in the <Link to="/slos">list of SLOs</Link>. One that was taken out of its file is gone
        from here; its counts are kept for 30 days.
      </p>
    </NoSlos>
  );
}

function Shown({ slo, tick }: { slo: Slo; tick: number }) {
  const [objective, setObjective] = useQueryState("objective", slo.budgets[0]?.objective ?? "");
  const [group, setGroup] = useQueryState("group", "");
  const budget = findBudget(slo.budgets, objective, group) ?? slo.budgets[0];
  const verification = useVerification(slo.id);
  const isOfParts = isComposite(slo.definition);
  return (
    <Page
      title={`${slo.service} / ${slo.name}`}
      crumbs={[
        { title: "SLOs", to: "/slos" },
        { title: slo.service, to: `/services/${encodeURIComponent(slo.service)}` },
      ]}
      sub={<Sub slo={slo} budget={budget} />}
      actions={
        !isOfParts && (
          <Button icon="ok" onPress={verification.start} disabled={verification.isRunning}>
            {verification.isRunning ? "Counting again" : "Verify"}
          </Button>
        )
      }
    >
      <Choices slo={slo} objective={objective} onObjective={setObjective} group={group} onGroup={setGroup} />
      {slo.missingBuckets.map((missing) => (
        <Notice kind="warning" key={missing.objective}>
          Nothing can be counted for {missing.objective || "this objective"}: no bucket of{" "}
          <code>{missing.buckets}</code> ends at {missing.thresholdSeconds ?? "?"} s.{" "}
          {missing.edges.length === 0 ? "It has no buckets at all." : `There are ${missing.edges.join(", ")}.`}
        </Notice>
      ))}
      {budget === undefined ? (
        <Panel title="Budget">No budget was judged yet. The first comes within ten seconds after the start.</Panel>
      ) : (
        <Standing slo={slo} budget={budget} tick={tick} />
      )}
      {verification.isAsked && <VerifiedPanel verification={verification} />}
      {isOfParts ? (
        <Parts slo={slo} budget={budget} />
      ) : (
        <>
          {budget !== undefined && <WhatIf slo={slo} budget={budget} />}
          <Groups slo={slo} objective={budget?.objective ?? ""} onPick={setGroup} />
          <Exclusions slo={slo} budget={budget} />
          <Corrections id={slo.id} tick={tick} />
        </>
      )}
      <Versions slo={slo} />
      <DefinitionPanel slo={slo} />
    </Page>
  );
}

function Standing({ slo, budget, tick }: { slo: Slo; budget: Budget; tick: number }) {
  return (
    <>
      <Figures slo={slo} budget={budget} tick={tick} />
      <Charts slo={slo} budget={budget} tick={tick} />
      <BurnTable slo={slo} budget={budget} tick={tick} />
    </>
  );
}

function Sub({ slo, budget }: { slo: Slo; budget: Budget | undefined }) {
  return (
    <div class="slo-sub">
      {budget !== undefined && (
        <span class="row">
          <Status {...stateOf(budget.state)} />
          {budget.stateSince !== null && (
            <span>
              since <Time at={budget.stateSince} />
            </span>
          )}
          {budget.firing !== null && (
            <Link to={`/alerts?filter=${encodeURIComponent(`service=${quoted(slo.service)},slo=${quoted(slo.name)}`)}`}>
              <Status
                kind={budget.firing.severity === "page" ? "critical" : "warning"}
                word={`${budget.firing.severity} fires`}
              />
            </Link>
          )}
        </span>
      )}
      {slo.description !== "" && <p>{slo.description}</p>}
      <span class="row">
        <span>{slo.kind}</span>
        <Labels of={slo.labels} />
        <Link to={originPath(slo.origin)}>{slo.origin}</Link>
      </span>
    </div>
  );
}
