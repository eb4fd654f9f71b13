// The screen that the URL asks for: loaded when it is first needed, and kept from taking the rest down.

import { Component, type ComponentChildren, type ComponentType } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";
import { Button } from "../components/button";
import { Empty } from "../components/empty";
import { ErrorNote } from "../components/error-note";
import { Page } from "../components/page";
import { Skeleton } from "../components/panel";
import { useStore } from "../hooks/store";
import { Link } from "../router/link";
import { place } from "../router/location";
import { match, type Params } from "../router/match";
import { RouteParams } from "../router/route";
import { SCREENS, type Screen } from "../screens";

/** The screen of a path with its parameters. */
export function screenAt(path: string): { screen: Screen; params: Params } | null {
  for (const screen of SCREENS) {
    const params = match(screen.path, path);
    if (params !== null) return { screen, params };
  }
  return null;
}

export function CurrentScreen() {
  const { path } = useStore(place);
  const found = useMemo(() => screenAt(path), [path]);
  if (found === null) return <NotFound path={path} />;
  return (
    <RouteParams.Provider value={found.params}>
      <Boundary key={path}>
        <Lazy screen={found.screen} />
      </Boundary>
    </RouteParams.Provider>
  );
}

const loaded = new Map<Screen, ComponentType>();

function Lazy({ screen }: { screen: Screen }) {
  const [, redraw] = useState(0);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (loaded.has(screen)) return;
    let isGone = false;
    setError(null);
    screen.load().then(
      (module) => {
        loaded.set(screen, module.default);
        if (!isGone) redraw((count) => count + 1);
      },
      () =>
        !isGone && setError(new Error("this screen could not be loaded; the server may have been updated meanwhile")),
    );
    return () => {
      isGone = true;
    };
  }, [screen, attempt]);
  const Content = loaded.get(screen);
  if (Content !== undefined) return <Content />;
  if (error === null) return <Skeleton />;
  return (
    <Page title={screen.title}>
      <ErrorNote error={error} again={() => setAttempt(attempt + 1)} />
      <p>
        <Button onPress={() => window.location.reload()}>Load the page anew</Button>
      </p>
    </Page>
  );
}

/** What a screen throws while it draws is shown in its place. */
class Boundary extends Component<{ children: ComponentChildren }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static override getDerivedStateFromError(error: unknown) {
    return { error: error instanceof Error ? error : new Error(String(error)) };
  }

  override render() {
    const { error } = this.state;
    if (error === null) return this.props.children;
    return (
      <Page title="This screen failed">
        <ErrorNote error={error} again={() => this.setState({ error: null })} />
        <p>It is a fault of the interface; the server does not notice. Other screens and the commands still work.</p>
      </Page>
    );
  }
}

function NotFound({ path }: { path: string }) {
  return (
    <Page title="Nothing is here">
      <Empty
        title={`There is no screen ${path}`}
        lines={["The address may be mistyped, or of a newer version. Press Ctrl-K to find a screen by its name."]}
        actions={
          <Link class="button" to="/">
            Go to Now
          </Link>
        }
      />
    </Page>
  );
}
