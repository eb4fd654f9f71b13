import { Evidence } from "../../components/evidence";
import { Panel } from "../../components/panel";
import { number } from "../../format";
import { isCounted, ownOf } from "./budget";
import { quoted } from "./burns";
import type { Budget, Exclusion, Slo } from "./types";

/** What neither counts as good nor as bad, why, and how much it was: an outage cannot hide there. */
export function Exclusions({ slo, budget }: { slo: Slo; budget: Budget | undefined }) {
  const rules = exclusionsOf(slo);
  const window = budget?.windows[0];
  const events = window !== undefined && isCounted(window) ? window.events : null;
  if (rules.length === 0 && (events?.excluded ?? 0) === 0) return null;
  return (
    <Panel title="What does not count">
      {events !== null && (
        <p class="slo-evidence">
          Left out: {number(events.excluded)} over {window?.window}, beside {number(events.good + events.bad)} that
          count.
          <Evidence query={excludedQuery(slo)} />
        </p>
      )}
      {rules.length > 0 && (
        <div class="table-scroll">
          <table class="slo-plain">
            <caption class="unseen">Exclusions</caption>
            <thead>
              <tr>
                <th scope="col">Left out</th>
                <th scope="col">Because</th>
              </tr>
            </thead>
            <tbody>
              {rules.map((rule) => (
                <tr key={rule.match}>
                  <td>
                    <code>{rule.match}</code>
                  </td>
                  <td>{rule.reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

/** Every series of an SLI has the same exclusions; each is shown once. */
function exclusionsOf(slo: Slo): Exclusion[] {
  const source = ownOf(slo.definition)?.sli.source;
  if (source === undefined || !("watches" in source)) return [];
  const all = source.watches.flatMap((watch) => watch.exclude);
  return [...new Map(all.map((one) => [one.match, one])).values()];
}

function excludedQuery(slo: Slo): string {
  return `rate(plimsoll_slo_events_total{service=${quoted(slo.service)},slo=${quoted(slo.name)},result="excluded"}[5m])`;
}
