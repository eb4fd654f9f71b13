import { Select } from "../../components/select";
import { Tabs } from "../../components/tabs";
import { seconds } from "../../format";
import { groupKey, groupText, ownOf } from "./budget";
import type { Slo } from "./types";

export interface ChoicesProps {
  slo: Slo;
  objective: string;
  onObjective: (objective: string) => void;
  /** As `groupKey` has it. */
  group: string;
  onGroup: (group: string) => void;
}

/** Which of the budgets is looked at: nothing where there is only one. */
export function Choices({ slo, objective, onObjective, group, onGroup }: ChoicesProps) {
  const objectives = slo.definition.objectives;
  const groups = slo.budgets.filter((budget) => budget.objective === objective);
  if (objectives.length < 2 && groups.length < 2) return null;
  return (
    <div class="row slo-choices">
      {objectives.length > 1 && (
        <Tabs
          label="Objectives"
          value={objective}
          onChange={onObjective}
          tabs={objectives.map((one) => ({ id: one.name, title: `${one.name}: ${titleOf(slo, one.name)}` }))}
        />
      )}
      {groups.length > 1 && (
        <Select
          class="slo-group"
          label="Group"
          value={group}
          onChange={onGroup}
          options={groups.map((budget) => ({ value: groupKey(budget.group), label: groupText(budget.group) }))}
        />
      )}
    </div>
  );
}

function titleOf(slo: Slo, name: string): string {
  const found = slo.definition.objectives.find((one) => one.name === name);
  const below = ownOf(slo.definition)?.objectives.find((one) => one.name === name)?.thresholdSeconds ?? null;
  return `${found?.objective} %${below === null ? "" : ` within ${seconds(below)}`}`;
}
