import "./labels.css";

export interface LabelsProps {
  of: Record<string, string>;
  /** A press on a label: most lists filter by it. */
  onPick?: (name: string, value: string) => void;
  /** Labels that are told elsewhere. */
  without?: readonly string[];
}

/** Labels as name=value. Their texts come from anywhere and are only ever text. */
export function Labels({ of, onPick, without = [] }: LabelsProps) {
  const pairs = Object.entries(of).filter(([name]) => !without.includes(name));
  return (
    <span class="labels">
      {pairs.map(([name, value]) =>
        onPick === undefined ? (
          <span class="label" key={name}>
            <Pair name={name} value={value} />
          </span>
        ) : (
          <button
            type="button"
            class="label"
            key={name}
            title={`Only ${name}="${value}"`}
            onClick={(event) => {
              event.stopPropagation();
              onPick(name, value);
            }}
          >
            <Pair name={name} value={value} />
          </button>
        ),
      )}
    </span>
  );
}

function Pair({ name, value }: { name: string; value: string }) {
  return (
    <>
      <span class="label-name">{name}=</span>
      {value}
    </>
  );
}
