import { get } from "../../api/client";
import { BudgetBar } from "../../components/budget-bar";
import { Empty } from "../../components/empty";
import { Panel } from "../../components/panel";
import { Tile } from "../../components/tile";
import { useLoad } from "../../hooks/load";
import type { ServiceDetail } from "../services/types";
import { achieved, achievedText, burnText, sloPath } from "../slo/budget";
import { burnsFor, loadBurns } from "../slo/burns";
import { stateOf } from "../slo/states";
import type { SloList } from "../slo/types";
import { rowsOf } from "../slos/rows";

/** The objectives of a service, the worst first. */
export function SloTiles({ service, tick }: { service: ServiceDetail; tick: number }) {
  const hasSlos = service.slos.length > 0;
  const list = useLoad(
    async (signal) =>
      hasSlos ? get<SloList>("/api/v1/slos", { service: service.name }, signal) : { at: "", slos: [] },
    [service.name, hasSlos, tick],
  );
  const burns = useLoad(async (signal) => (hasSlos ? loadBurns(signal) : undefined), [hasSlos, tick]);
  return (
    <Panel title="SLOs" state={list}>
      {(found: SloList) => {
        const rows = rowsOf(found.slos);
        if (rows.length === 0) return <NoSlo name={service.name} route={service.routes[0]} />;
        return (
          <div class="tiles service-slos">
            {rows.map(({ key, slo, budget, remaining }) => {
              const burn = burnsFor(burns.data, slo, budget.objective)?.["1h"];
              return (
                <Tile
                  key={key}
                  label={`${slo.name}${budget.objective === "" ? "" : ` ${budget.objective}`}, ${budget.target} % over ${budget.window?.window ?? "?"}`}
                  value={achievedText(achieved(budget.window), budget.target)}
                  status={stateOf(budget.state)}
                  to={sloPath(slo.id, budget.objective)}
                  sub={`burn 1h ${burnText(burn)}`}
                >
                  <BudgetBar remaining={remaining} target={budget.target} />
                </Tile>
              );
            })}
          </div>
        );
      }}
    </Panel>
  );
}

function NoSlo({ name, route }: { name: string; route: string | undefined }) {
  const sli = route === undefined ? "an indicator" : `{gateway: {route: ${route}}}`;
  return (
    <Empty
      title="It promises nothing yet"
      lines={[
        <>
          An SLO file with <code>service: {name}</code> and <code>sli: {sli}</code> gives it a budget, and an alert when
          that burns too fast.
        </>,
      ]}
    />
  );
}
