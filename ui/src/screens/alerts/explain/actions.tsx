// What to do about an alert: silence it, read the runbook, look at its service, its objective, its rule, its query.

import { Button } from "../../../components/button";
import { Copy } from "../../../components/copy";
import { exploreUrl } from "../../../components/evidence";
import { fill, Link, navigate, safeHref } from "../../../router";
import { formatMatchers, fromLabels } from "../../silences/matchers";
import { explainCommand } from "../cli";
import { generatorExpression } from "../expression";
import type { AlertRow } from "../model";
import { runbookOf } from "../row";
import { rulePath } from "../sections";

export function Actions({ row }: { row: AlertRow }) {
  const links = linksOf(row);
  const runbook = runbookOf(row.annotations);
  const href = safeHref(runbook);
  return (
    <div class="alert-actions row">
      <Button kind="primary" icon="silences" onPress={() => navigate(silencePath(row))}>
        Silence
      </Button>
      {href === null ? null : <Link to={href}>Runbook</Link>}
      {links.map(({ to, text }) => (
        <Link key={to} to={to}>
          {text}
        </Link>
      ))}
      <Copy text={explainCommand(row.id, row.labels, row.routed !== undefined)} label="command">
        Copy as CLI
      </Copy>
      {runbook !== undefined && href === null ? (
        <span class="dim">The runbook is no address that may be followed; it is among the annotations.</span>
      ) : null}
    </div>
  );
}

/** The editor of silences, filled with the labels of the alert; it leads back here. */
export function silencePath(row: AlertRow): string {
  const query = new URLSearchParams({ new: formatMatchers(fromLabels(row.labels)), alert: row.id });
  return `/silences?${query}`;
}

/** Where else one can look: the objective and the service that labels name, the rule, and the query. */
export function linksOf(row: AlertRow): { to: string; text: string }[] {
  const links: { to: string; text: string }[] = [];
  const { slo, service } = row.labels;
  if (slo !== undefined && service !== undefined) {
    links.push({ to: fill("/slos/:service/:name", { service, name: slo }), text: `SLO ${service}/${slo}` });
  }
  if (service !== undefined && service !== "") {
    links.push({ to: fill("/services/:name", { name: service }), text: `Service ${service}` });
  }
  if (row.origin !== undefined) {
    const { file, group, rule } = row.origin;
    links.push({ to: rulePath(file, group, rule.name), text: "Rule" });
  }
  const expression = expressionOf(row);
  if (expression !== null) links.push({ to: exploreUrl(expression), text: "Explore" });
  const generator = safeHref(row.routed?.generatorURL);
  // Of a rule of this process, Explore shows the same.
  if (row.origin === undefined && slo === undefined && generator !== null)
    links.push({ to: generator, text: "Source" });
  return links;
}

/** The expression that makes an alert: of its rule, or of the address that its sender gave. */
export function expressionOf(row: { origin?: AlertRow["origin"]; routed?: AlertRow["routed"] }): string | null {
  return row.origin?.rule.query ?? generatorExpression(row.routed?.generatorURL);
}
