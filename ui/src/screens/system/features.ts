/** What a server can do, as it tells it. */

export interface Feature {
  name: string;
  isOn: boolean;
}

/** Long lists in which nearly everything is on: of them only what is off is worth its place. */
const LONG = 20;

/** The features by their groups; of long groups those that are off, and how many are on. */
export function features(all: Record<string, Record<string, boolean>>): { group: string; features: Feature[] }[] {
  return Object.entries(all).map(([name, group]) => {
    const own = Object.entries(group).map(([feature, isOn]) => ({ name: feature.replaceAll("_", " "), isOn }));
    const title = name.replaceAll("_", " ");
    if (own.length <= LONG) return { group: title, features: own };
    const off = own.filter((one) => !one.isOn);
    const on = own.length - off.length;
    return { group: title, features: [{ name: `${on} of ${own.length}`, isOn: true }, ...off] };
  });
}
