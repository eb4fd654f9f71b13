/** The USE method as a table: a row for each resource, a column for each of the three questions. */

import { Evidence } from "../../components/evidence";
import { Icon } from "../../components/icon";
import { type Answers, hostKey as keyText } from "./answers";
import { judge, WORDS } from "./judgement";
import { Value } from "./list";
import { type Aspect, type HostKey, MEASURES, type Measure, type Resource } from "./measures";
import { thresholdText } from "./values";

const RESOURCES: [Resource, string][] = [
  ["cpu", "CPU"],
  ["memory", "Memory"],
  ["disk", "Disks"],
  ["filesystem", "File systems"],
  ["network", "Network"],
  ["kernel", "Kernel"],
];
const ASPECTS: [Aspect, string][] = [
  ["utilisation", "Utilisation"],
  ["saturation", "Saturation"],
  ["errors", "Errors"],
];

export function Matrix({ hostKey, answers }: { hostKey: HostKey; answers: Answers }) {
  return (
    <table class="hosts-matrix">
      <caption class="unseen">Utilisation, saturation and errors of each resource</caption>
      <thead>
        <tr>
          <th scope="col">Resource</th>
          {ASPECTS.map(([aspect, title]) => (
            <th scope="col" key={aspect}>
              {title}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {RESOURCES.map(([resource, title]) => (
          <tr key={resource}>
            <th scope="row">{title}</th>
            {ASPECTS.map(([aspect, name]) => (
              <td key={aspect} data-aspect={name}>
                {MEASURES.filter((one) => one.resource === resource && one.aspect === aspect).map((measure) => (
                  <Cell key={measure.id} measure={measure} hostKey={hostKey} answers={answers} />
                ))}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Cell({ measure, hostKey, answers }: { measure: Measure; hostKey: HostKey; answers: Answers }) {
  const answered = answers.get(measure.id);
  const value = answered?.values.get(keyText(hostKey));
  const verdict = judge(measure, value);
  const thresholds = thresholdText(measure);
  const title = thresholds === null ? measure.why : `${measure.why} ${thresholds}.`;
  return (
    <div class={`hosts-cell hosts-cell-${verdict}`} title={title}>
      <span class="hosts-cell-name">{measure.title}</span>
      <span class="hosts-cell-value">
        {answered?.error ? (
          <span class="hosts-cell-error" title={answered.error.message}>
            <Icon name="critical" size={14} /> query failed
          </span>
        ) : (
          <Value measure={measure} value={value} />
        )}
        <span class="unseen">{WORDS[verdict]}</span>
      </span>
      {answered && <Evidence query={answered.query} />}
    </div>
  );
}
