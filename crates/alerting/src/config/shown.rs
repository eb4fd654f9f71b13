//! The configuration as others may see it: what was written, no comments, no secrets.
//!
//! `/api/v2/status` shows it, and `amtool config routes` reads it again, which refuses what Alertmanager does not have. So
//! the section `plimsoll` is not in it, but the routes of its tiers are.

use plimsoll_runtime::config::Tree;

use crate::matchers;
use crate::route::{GroupBy, Route};

/// Keys whose value nobody may see, with all that is nested in it, wherever they stand.
const SECRET_KEYS: [&str; 29] = [
    "password",
    "credentials",
    "bearer_token",
    "client_secret",
    "client_certificate_key",
    "secrets",
    "key",
    "proxy_connect_header",
    "smtp_auth_password",
    "smtp_auth_secret",
    "auth_password",
    "auth_secret",
    "slack_api_url",
    "slack_app_token",
    "app_token",
    "routing_key",
    "service_key",
    "opsgenie_api_key",
    "api_key",
    "webhook_url",
    "mattermost_webhook_url",
    "bot_token",
    "telegram_bot_token",
    "alert_source_token",
    "victorops_api_key",
    "wechat_api_secret",
    "rocketchat_token",
    "rocketchat_token_id",
    "token",
];

/// Keys that are secret in one section only.
const SECRET_FIELDS: [(&str, &str); 1] = [("slack_configs", "api_url")];

/// Sections whose `url` holds a secret behind its host.
const WEBHOOKS: &str = "webhook_configs";

/// Writes a document; `tiers` are the routes that are not written in it and stand before the others.
pub(super) fn write(mut document: Tree, tiers: &[Route]) -> String {
    if let Tree::Map(entries) = &mut document {
        entries.retain(|(key, _)| key != "plimsoll");
    }
    add_routes(&mut document, tiers);
    document.hide_in_urls();
    mask(&mut document, "");
    document.to_yaml()
}

fn mask(tree: &mut Tree, section: &str) {
    match tree {
        Tree::Map(entries) => {
            for (key, value) in entries {
                let key = key.as_str();
                if SECRET_KEYS.contains(&key) || SECRET_FIELDS.contains(&(section, key)) {
                    value.hide();
                } else if (section, key) == (WEBHOOKS, "url") {
                    mask_path(value);
                } else {
                    mask(value, key);
                }
            }
        }
        Tree::List(items) => items.iter_mut().for_each(|item| mask(item, section)),
        Tree::Text(_) | Tree::Null | Tree::Plain(_) => {}
    }
}

/// Hides what stands behind the host of a URL. The rest stays a URL, which older versions of amtool want it to be.
fn mask_path(value: &mut Tree) {
    let Tree::Text(url) = value else {
        return;
    };
    let Some(host) = url.find("://").map(|at| at + 3) else {
        return value.hide();
    };
    if let Some(path) = url[host..].find(['/', '?', '#']) {
        url.truncate(host + path);
        url.push_str("/<secret>");
    }
}

fn add_routes(document: &mut Tree, tiers: &[Route]) {
    let Some(root) = document.get_mut("route").filter(|_| !tiers.is_empty()) else {
        return;
    };
    let mut routes: Vec<Tree> = tiers.iter().map(route).collect();
    match root.get_mut("routes") {
        Some(Tree::List(written)) => drop(written.splice(..0, routes)),
        Some(nothing) => *nothing = Tree::List(routes),
        None => {
            if let Tree::Map(entries) = root {
                entries.push(("routes".into(), Tree::List(std::mem::take(&mut routes))));
            }
        }
    }
}

fn route(route: &Route) -> Tree {
    let text = |text: &str| Tree::Text(text.to_owned());
    let duration = |duration| Tree::Plain(plimsoll_types::format_duration(duration));
    let conditions = route.matchers.iter();
    let conditions = conditions.map(|one| Tree::Text(matchers::display_one(one)));
    let group_by = match &route.group_by {
        GroupBy::All => vec![text("...")],
        GroupBy::Labels(names) => names.iter().map(|name| text(name)).collect(),
    };
    let fields = [
        ("matchers", Tree::List(conditions.collect())),
        ("receiver", text(&route.receiver)),
        ("group_by", Tree::List(group_by)),
        ("group_wait", duration(route.group_wait)),
        ("group_interval", duration(route.group_interval)),
        ("repeat_interval", duration(route.repeat_interval)),
        ("continue", Tree::Plain(route.continues.to_string())),
    ];
    let fields = fields.into_iter();
    Tree::Map(fields.map(|(key, value)| (key.to_owned(), value)).collect())
}
