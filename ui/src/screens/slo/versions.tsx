import { Panel } from "../../components/panel";
import { Time } from "../../time";
import type { Slo } from "./types";

/** How it counted when. A change of what is counted begins a new version, and leaves what was counted before as it was. */
export function Versions({ slo }: { slo: Slo }) {
  if (slo.versions.length === 0) return null;
  const versions = [...slo.versions].sort((a, b) => b.number - a.number);
  return (
    <Panel title={`Versions: ${versions.length}`}>
      <div class="table-scroll slo-stacked">
        <table class="slo-plain">
          <caption class="unseen">Versions</caption>
          <thead>
            <tr>
              <th scope="col">Version</th>
              <th scope="col">Since</th>
              <th scope="col">Counts</th>
            </tr>
          </thead>
          <tbody>
            {versions.map((version, index) => (
              <tr key={version.number}>
                <td class="slo-when">
                  {version.number}
                  {index === 0 && " (in force)"}
                </td>
                <td class="slo-when">
                  <Time at={version.since} />
                </td>
                <td>
                  <code class="slo-counts">{version.counts}</code>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
