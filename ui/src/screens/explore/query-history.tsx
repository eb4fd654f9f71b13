// The queries that were run in this browser, to search and to run again.

import { useState } from "preact/hooks";
import { Button } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { Empty } from "../../components/empty";
import { Input } from "../../components/input";
import { forget, matching, queries } from "../../editor/history";

export function QueryHistory({ onPick }: { onPick(expression: string): void }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button kind="plain" icon="now" label="Earlier queries" popup="dialog" onPress={() => setOpen(true)} />
      {isOpen && (
        <History
          onClose={() => setOpen(false)}
          onPick={(expression) => {
            setOpen(false);
            onPick(expression);
          }}
        />
      )}
    </>
  );
}

function History({ onPick, onClose }: { onPick(expression: string): void; onClose(): void }) {
  const [all, setAll] = useState(() => queries());
  const [text, setText] = useState("");
  const found = matching(all, text);
  const clear = () => {
    forget();
    setAll([]);
  };
  return (
    <Dialog title="Earlier queries" onClose={onClose}>
      {all.length === 0 ? (
        <Empty title="None yet" lines={["Queries that you run are kept in this browser, the newest hundred."]} />
      ) : (
        <div class="stack">
          <div class="row">
            <Input
              value={text}
              onInput={setText}
              label="Search earlier queries"
              placeholder="Search"
              type="search"
              autofocus
              onEnter={() => found[0] !== undefined && onPick(found[0])}
            />
          </div>
          <ul class="explore-history">
            {found.map((expression) => (
              <li key={expression}>
                <button type="button" onClick={() => onPick(expression)}>
                  {expression}
                </button>
              </li>
            ))}
          </ul>
          <div class="row">
            <Button small onPress={clear}>
              Forget them
            </Button>
          </div>
        </div>
      )}
    </Dialog>
  );
}
