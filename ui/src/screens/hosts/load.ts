/** What the screen of hosts loads. */

import { instant } from "../../api/promql";
import { type Loaded, useLoad } from "../../hooks/load";
import { type Answers, ask, type Host, hosts, KNOWN_QUERY, UP_QUERY } from "./answers";
import { COLUMNS, type HostKey, MEASURES, type Measure, measure } from "./measures";

/** The measures that the list asks of all hosts. */
export const LISTED: readonly Measure[] = COLUMNS.map(measure);

/** Loads which hosts there are. */
export function useHosts(pulse: number): Loaded<Host[]> {
  return useLoad(
    async (signal) => {
      const [known, up] = await Promise.all([
        instant(KNOWN_QUERY, undefined, signal),
        instant(UP_QUERY, undefined, signal),
      ]);
      return hosts(known, up);
    },
    [pulse],
  );
}

/** Loads the measures of the list, of all hosts. */
export function useListed(pulse: number): Loaded<Answers> {
  return useLoad((signal) => ask(LISTED, undefined, undefined, signal), [pulse]);
}

/** Loads all measures of one host. */
export function useMeasures(host: HostKey, pulse: number): Loaded<Answers> {
  return useLoad((signal) => ask(MEASURES, host, undefined, signal), [host.job, host.instance, pulse]);
}
