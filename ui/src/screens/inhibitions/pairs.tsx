// Sources, and below each what it keeps back.

import { AlertName } from "../alerts/name";
import type { InhibitionAlert, PairGroup } from "./model";

export function PairTable({ groups, isCut }: { groups: PairGroup[]; isCut: boolean }) {
  if (groups.length === 0) return <p class="dim">No alert is kept back by another one.</p>;
  return (
    <>
      <ul class="inhibitions-groups">
        {groups.map((group) => (
          <li key={`${group.rule} ${group.source.fingerprint}`}>
            <p>
              <Name alert={group.source} /> <span class="dim">keeps back, by inhibit_rules[{group.rule}]:</span>
            </p>
            <ul class="inhibitions-targets">
              {group.targets.map((target) => (
                <li key={target.fingerprint}>
                  <Name alert={target} />
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
      {isCut ? <p class="dim">The first 1000 pairs are shown; the counts above are of all.</p> : null}
    </>
  );
}

function Name({ alert }: { alert: InhibitionAlert }) {
  return <AlertName id={alert.fingerprint} labels={alert.labels} />;
}
