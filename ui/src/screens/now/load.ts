// Services and the budgets that belong to them, as one list.

import { get } from "../../api/client";
import { byBudget } from "../services/rows";
import type { Service } from "../services/types";
import { type Burns, burnsFor, loadBurns } from "../slo/burns";
import type { SloList } from "../slo/types";
import { rowsOf, type SloRow } from "../slos/rows";
import { serverHas } from "./has";

export interface Watched {
  service: Service;
  /** Its worst budget. */
  worst: SloRow | undefined;
  burns: Burns | undefined;
}

export interface Overview {
  /** By what is left of the budget, the least first. */
  services: Watched[];
  /** All budgets, the worst first. */
  budgets: SloRow[];
}

export async function loadServices(signal: AbortSignal): Promise<Overview> {
  const [{ services }, list, burns] = await Promise.all([
    get<{ services: Service[] }>("/api/v1/services", undefined, signal),
    loadSlos(signal),
    // Without them the rest is still worth seeing; cells then have no data.
    loadBurns(signal).catch(() => new Map<string, Burns>()),
  ]);
  return overviewOf(services, list, burns);
}

export function overviewOf(services: readonly Service[], list: SloList, burns: Map<string, Burns>): Overview {
  const budgets = rowsOf(list.slos);
  const watched = [...services].sort(byBudget).map((service) => {
    const worst = budgets.find((row) => row.slo.id === service.worst?.slo);
    return {
      service,
      worst,
      burns: worst === undefined ? undefined : burnsFor(burns, worst.slo, worst.budget.objective),
    };
  });
  return { services: watched, budgets };
}

async function loadSlos(signal: AbortSignal): Promise<SloList> {
  if (!(await serverHas("slos", signal))) return { at: "", slos: [] };
  return get<SloList>("/api/v1/slos", undefined, signal);
}
