// A sentence with its times and names as what they are: times in the reader's zone, names as links.

import { Link } from "../../../router";
import { Time } from "../../../time";
import { named, type Part } from "../reasons";
import { alertPath } from "../row";

export function Sentence({ parts }: { parts: Part[] }) {
  return (
    <>
      {parts.map((part, index) => (
        <Piece key={index} part={part} />
      ))}
    </>
  );
}

function Piece({ part }: { part: Part }) {
  if (typeof part === "string") return <>{part}</>;
  if ("time" in part) {
    return (
      <>
        <Time at={part.time} /> (<Time at={part.time} relative />)
      </>
    );
  }
  if ("silence" in part) return <Link to={`/silences?silence=${encodeURIComponent(part.silence)}`}>{part.text}</Link>;
  if ("alert" in part) return <Link to={alertPath(part.alert)}>{named(part.labels)}</Link>;
  return <Link to={`/inhibitions?rule=${part.inhibition}`}>{`inhibit_rules[${part.inhibition}]`}</Link>;
}
