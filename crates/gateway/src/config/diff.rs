//! What a reload changes, for people.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Debug};

use super::context::short;
use crate::model::{Backend, Config, Listener, Route};

/// Something that another configuration says in another way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What became of it.
    pub kind: ChangeKind,
    /// `listener`, `backend`, `route` or `gateway`.
    pub noun: &'static str,
    /// Its name; that of the field for `gateway`.
    pub name: String,
    /// Of what was changed, each field: what it was and what it is. Secrets are masked.
    pub fields: Vec<String>,
}

/// What became of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
}

/// Displays as `+ route checkout`, `- backend old`, `~ route cart: timeout 15s -> 5s`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.kind {
            ChangeKind::Added => '+',
            ChangeKind::Removed => '-',
            ChangeKind::Changed => '~',
        };
        write!(f, "{sign} {} {}", self.noun, self.name)?;
        match self.fields.is_empty() {
            true => Ok(()),
            false => write!(f, ": {}", self.fields.join(", ")),
        }
    }
}

/// Returns what another configuration changes: settings, listeners, backends, routes, each in the order of its file.
///
/// # Complexity
/// Linear; what is the same costs a comparison.
pub fn diff(old: &Config, new: &Config) -> Vec<Change> {
    let mut changes = settings(old, new);
    named(&old.listeners, &new.listeners, &mut changes);
    named(&old.backends, &new.backends, &mut changes);
    named(&old.routes, &new.routes, &mut changes);
    if kept(old, new) != kept(new, old) {
        changes.push(setting("routes", "their order".to_owned()));
    }
    changes
}

/// Returns the routes that both have, in the order of the first.
fn kept<'a>(config: &'a Config, other: &Config) -> Vec<&'a str> {
    let others: HashSet<&str> = other.routes.iter().map(|route| &*route.name).collect();
    let own = config.routes.iter().map(|route| &*route.name);
    own.filter(|name| others.contains(name)).collect()
}

fn settings(old: &Config, new: &Config) -> Vec<Change> {
    // Without `..`, so that a field that is added is not forgotten here.
    let Config {
        threads,
        listeners: _,
        backends: _,
        routes: _,
        access_log,
        retry_budget,
        drain_timeout,
    } = old;
    let fields = [
        field("threads", threads, &new.threads),
        field("access_log", access_log, &new.access_log),
        field("retry_budget", retry_budget, &new.retry_budget),
        field("drain_timeout", drain_timeout, &new.drain_timeout),
    ];
    let told = fields.into_iter().flatten();
    told.map(|(name, text)| setting(name, text)).collect()
}

fn setting(name: &str, text: String) -> Change {
    Change {
        kind: ChangeKind::Changed,
        noun: "gateway",
        name: name.to_owned(),
        fields: vec![text],
    }
}

/// Something with a name of its own.
trait Named: PartialEq {
    const NOUN: &str;

    fn name(&self) -> &str;

    /// Returns each field that is another one.
    fn fields(&self, new: &Self) -> Vec<Field>;
}

/// The name of a field, and what it was and is; `None` when it is the same.
type Field = Option<(&'static str, String)>;

fn named<T: Named>(old: &[T], new: &[T], changes: &mut Vec<Change>) {
    let change = |kind, one: &T, fields| Change {
        kind,
        noun: T::NOUN,
        name: one.name().to_owned(),
        fields,
    };
    let left: HashSet<&str> = new.iter().map(T::name).collect();
    let gone = old.iter().filter(|one| !left.contains(one.name()));
    changes.extend(gone.map(|one| change(ChangeKind::Removed, one, Vec::new())));
    let before: HashMap<&str, &T> = old.iter().map(|one| (one.name(), one)).collect();
    for one in new {
        match before.get(one.name()) {
            None => changes.push(change(ChangeKind::Added, one, Vec::new())),
            Some(old) if *old == one => {}
            Some(old) => {
                let told = old.fields(one).into_iter().flatten();
                let told = told.map(|(name, text)| format!("{name} {text}"));
                changes.push(change(ChangeKind::Changed, one, told.collect()));
            }
        }
    }
}

/// Says what a field was and is, when that is not the same.
fn field<T: Debug + PartialEq>(name: &'static str, old: &T, new: &T) -> Field {
    if old == new {
        return None;
    }
    let (before, after) = (short(&format!("{old:?}")), short(&format!("{new:?}")));
    let text = match before == after {
        // A secret, or a change behind the end of a long text.
        true => "changed".to_owned(),
        false => format!("{before} -> {after}"),
    };
    Some((name, text))
}

/// Compares fields one by one; one that the list forgets does not compile.
macro_rules! fields {
    ($type:ident, $old:expr, $new:expr, $($field:ident),* $(,)?) => {{
        let $type { name: _, $($field),* } = $old;
        vec![$(field(stringify!($field), $field, &$new.$field)),*]
    }};
}

impl Named for Listener {
    const NOUN: &str = "listener";

    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self, new: &Self) -> Vec<Field> {
        fields!(
            Listener,
            self,
            new,
            address,
            kind,
            tls,
            proxy_protocol,
            trusted,
            timeouts,
            connections_max,
            connection_age_max,
            headers_max,
        )
    }
}

impl Named for Backend {
    const NOUN: &str = "backend";

    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self, new: &Self) -> Vec<Field> {
        fields!(
            Backend,
            self,
            new,
            endpoints,
            protocol,
            tls,
            judgement,
            check,
            connect_timeout,
            connections_max,
            idle,
            connection_age_max,
            concurrency,
            sends_proxy_header,
        )
    }
}

impl Named for Route {
    const NOUN: &str = "route";

    fn name(&self) -> &str {
        &self.name
    }

    fn fields(&self, new: &Self) -> Vec<Field> {
        fields!(
            Route,
            self,
            new,
            hosts,
            listeners,
            matches,
            action,
            rewrite,
            timeout,
            idle_timeout,
            retry,
            hedge,
            criticality,
            limits,
            in_flight_max,
            body_max,
            affinity,
            mirror,
            faults,
            maintenance,
        )
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plimsoll_runtime::http::Secret;

    use super::*;
    use crate::config::from_flags;
    use crate::model::{Action, Affinity, Endpoint, StickyCookie};

    fn config() -> Config {
        let to = ["http://a:1".to_owned()];
        from_flags("127.0.0.1:80", &to).unwrap()
    }

    fn check(change: impl FnOnce(&mut Config), expected: &[&str]) {
        let (old, mut new) = (config(), config());
        change(&mut new);
        let lines = diff(&old, &new);
        let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
        assert_eq!(lines, expected);
    }

    #[test]
    fn says_what_is_another() {
        check(|_| {}, &[]);
        check(
            |new| new.drain_timeout = Duration::from_secs(5),
            &["~ gateway drain_timeout: 30s -> 5s"],
        );
        check(
            |new| new.routes[0].timeout = Duration::from_secs(1),
            &["~ route default: timeout 15s -> 1s"],
        );
        check(
            |new| new.backends[0].endpoints.push(Endpoint::new("b", 2)),
            &["~ backend default: endpoints changed"],
        );
        check(
            |new| new.listeners[0].name = "web".to_owned(),
            &["- listener default", "+ listener web"],
        );
    }

    #[test]
    fn the_order_of_routes_is_a_change() {
        let route = |name| Route::new(name, Action::Forward(Vec::new()));
        let mut old = config();
        old.routes.push(route("b"));
        let mut new = config();
        new.routes.insert(0, route("b"));
        new.routes.insert(0, route("c"));
        let lines: Vec<_> = diff(&old, &new).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["+ route c", "~ gateway routes: their order"]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let cookie = |secret: &str| {
            Affinity::Cookie(StickyCookie {
                name: "c".to_owned(),
                secret: Some(Secret::new(secret)),
                secret_file: None,
                max_age: None,
            })
        };
        let mut old = config();
        old.routes[0].affinity = Some(cookie("hunter-2"));
        let mut new = config();
        new.routes[0].affinity = Some(cookie("hunter-3"));
        let lines: Vec<_> = diff(&old, &new).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["~ route default: affinity changed"]);
    }
}
