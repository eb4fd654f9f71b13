//! Routing trees as amtool draws them.

use plimsoll_alerting::{Route, RouteId, RouteTree, matchers};
use plimsoll_types::Labels;

/// `amtool config routes show`.
pub(super) fn tree(routes: &RouteTree) -> String {
    let label = |id| {
        let route = routes.route(id);
        let continues = match route.continues {
            true => "  continue: true",
            false => "",
        };
        format!("{}{continues}  receiver: {}", name(route), route.receiver)
    };
    let children = |id| routes.route(id).children.clone();
    format!("Routing tree:\n{}", drawn(&label, &children))
}

/// `amtool config routes test --tree`.
pub(super) fn taken(routes: &RouteTree, alert: &Labels) -> String {
    // What is drawn is the way to the routes; who is taken is what `matching` says, so both are compared.
    let children = |id| {
        let mut taken = Vec::new();
        for child in &routes.route(id).children {
            let route = routes.route(*child);
            if route.matches(alert) {
                taken.push(*child);
                if !route.continues {
                    break;
                }
            }
        }
        taken
    };
    let label = |id| {
        let route = routes.route(id);
        match children(id).is_empty() {
            true => format!("{}  receiver: {}", name(route), route.receiver),
            false => name(route),
        }
    };
    let receivers = routes.matching(alert).into_iter();
    let receivers: Vec<&str> = receivers.map(|id| &*routes.route(id).receiver).collect();
    format!(
        "Matching routes:\n{}{}\n",
        drawn(&label, &children),
        receivers.join(",")
    )
}

fn name(route: &Route) -> String {
    match route.matchers.is_empty() {
        true => "default-route".to_owned(),
        false => matchers::display(&route.matchers),
    }
}

fn drawn(label: &dyn Fn(RouteId) -> String, children: &dyn Fn(RouteId) -> Vec<RouteId>) -> String {
    let mut text = String::from(".\n");
    draw(RouteId::ROOT, "", true, label, children, &mut text);
    text
}

fn draw(
    id: RouteId,
    indent: &str,
    is_last: bool,
    label: &dyn Fn(RouteId) -> String,
    children: &dyn Fn(RouteId) -> Vec<RouteId>,
    text: &mut String,
) {
    let (edge, below) = match is_last {
        true => ("\u{2514}\u{2500}\u{2500}", "    "),
        false => ("\u{251c}\u{2500}\u{2500}", "\u{2502}   "),
    };
    text.push_str(&format!("{indent}{edge} {}\n", label(id)));
    let below = format!("{indent}{below}");
    let all = children(id);
    for (at, child) in all.iter().enumerate() {
        draw(*child, &below, at + 1 == all.len(), label, children, text);
    }
}
