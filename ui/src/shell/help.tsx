import { Dialog } from "../components/dialog";
import { keyHelp } from "../hooks/keys";
import { SCREENS } from "../screens";
import type { OverlayContentProps } from "./overlay";
import "./help.css";

const EVERYWHERE: [string, string][] = [
  ["Ctrl K", "go to or search anything (Cmd K on a Mac)"],
  ["?", "this help"],
  ["/", "search the table"],
  ["t", "choose the time range"],
  ["[ / ]", "move the time range back and forth"],
  [".", "live on and off"],
  ["Esc", "close what is open"],
];

/** The keys, with those of the present screen first. */
export default function Help({ close }: OverlayContentProps) {
  const go = SCREENS.filter((screen) => screen.go !== undefined);
  const own = [...new Map(keyHelp())].filter(([key]) => !EVERYWHERE.some(([known]) => known === key));
  return (
    <Dialog title="Keys" onClose={close} class="help">
      <div class="help-columns">
        {own.length > 0 && <Keys title="On this screen" keys={own} />}
        <Keys title="Everywhere" keys={EVERYWHERE} />
        <Keys title="Go to" keys={go.map((screen) => [`g ${screen.go}`, screen.title])} />
      </div>
    </Dialog>
  );
}

function Keys({ title, keys }: { title: string; keys: [string, string][] }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl class="help-keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              {key
                .split(" ")
                .map((part, index) => (part === "/" && key.length > 1 ? " " : <kbd key={index}>{part}</kbd>))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
