//! The configuration as others may see it: what was written, the main defaults filled in, no comments, no secrets.
//!
//! `/api/v1/status/config` shows it, and Thanos' sidecar reads the external labels out of it.

use plimsoll_runtime::config::Tree;

use super::{Config, ScrapeConfig};

/// Keys whose value nobody may see, with all that is nested in it.
const SECRET_KEYS: [&str; 19] = [
    "password",
    "credentials",
    "bearer_token",
    "client_secret",
    "client_certificate_key",
    "secret",
    "secrets",
    "secret_key",
    "access_key",
    "token",
    "auth_token",
    "application_secret",
    "application_credential_secret",
    "application_key",
    "consumer_key",
    "secret_token",
    "key",
    "headers",
    "proxy_connect_header",
];

/// Writes a document that was loaded as `config`.
pub(super) fn write(mut document: Tree, config: &Config) -> String {
    if document == Tree::Null {
        document = Tree::Map(Vec::new());
    }
    fill_in(&mut document, config);
    document.hide_in_urls();
    mask(&mut document);
    document.to_yaml()
}

/// Adds what applies where the file says nothing: the times and the jobs' main settings.
fn fill_in(document: &mut Tree, config: &Config) {
    let duration = |duration| Tree::Plain(plimsoll_types::format_duration(duration));
    let global = &config.global;
    document.default_entry("global", Tree::Map(Vec::new()));
    let Some(section) = document.get_mut("global") else {
        return;
    };
    if *section == Tree::Null {
        *section = Tree::Map(Vec::new());
    }
    if let Some(labels) = section.get_mut("external_labels") {
        // With the environment's variables in their places.
        let pairs = global.external_labels.iter();
        *labels = Tree::Map(
            pairs
                .map(|(name, value)| (name.into(), Tree::Text(value.into())))
                .collect(),
        );
    }
    section.default_entry("evaluation_interval", duration(global.evaluation_interval));
    section.default_entry("scrape_timeout", duration(global.scrape_timeout));
    section.default_entry("scrape_interval", duration(global.scrape_interval));
    let Some(Tree::List(jobs)) = document.get_mut("scrape_configs") else {
        return;
    };
    for job in jobs {
        let name = match job.get_mut("job_name") {
            Some(Tree::Text(name) | Tree::Plain(name)) => name.clone(),
            _ => continue,
        };
        let mut loaded = config.scrape_configs.iter();
        if let Some(loaded) = loaded.find(|loaded| loaded.job_name == name) {
            fill_in_job(job, loaded);
        }
    }
}

fn fill_in_job(job: &mut Tree, loaded: &ScrapeConfig) {
    let plain = |text: &str| Tree::Plain(text.into());
    let duration = |duration| Tree::Plain(plimsoll_types::format_duration(duration));
    let settings = [
        (
            "honor_timestamps",
            plain(&loaded.honor_timestamps.to_string()),
        ),
        ("scrape_interval", duration(loaded.scrape_interval)),
        ("scrape_timeout", duration(loaded.scrape_timeout)),
        ("metrics_path", Tree::Text(loaded.metrics_path.clone())),
        ("scheme", plain(loaded.scheme.as_str())),
    ];
    let Tree::Map(entries) = job else { return };
    for (key, value) in settings {
        if !entries.iter().any(|(found, _)| found == key) {
            entries.push((key.into(), value));
        }
    }
}

fn mask(tree: &mut Tree) {
    match tree {
        Tree::Map(entries) => {
            for (key, value) in entries {
                match SECRET_KEYS.contains(&key.as_str()) {
                    true => value.hide(),
                    false => mask(value),
                }
            }
        }
        Tree::List(items) => items.iter_mut().for_each(mask),
        Tree::Text(_) | Tree::Null | Tree::Plain(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::config;

    fn shown(text: &str) -> String {
        let loaded = config::parse("prometheus.yml".as_ref(), text, &|_| None);
        loaded.expect("a valid configuration").yaml
    }

    #[test]
    fn shows_what_is_in_force_without_secrets() {
        let text = "# a comment\nglobal:\n  external_labels: {cluster: 'eu 1', number: '1'}\nscrape_configs:\n\
            - job_name: node\n  basic_auth: {username: ann, password: hunter2}\n  \
            http_headers: {X-Key: {secrets: [hunter3], values: [plain]}}\n  \
            proxy_url: http://bob:hunter4@proxy:1\n  \
            relabel_configs:\n  - {source_labels: [a, b], regex: 'x:(.*)', target_label: c}\n  \
            static_configs:\n  - targets: ['db:9100']\n";
        let yaml = shown(text);
        assert!(!yaml.contains("hunter"), "{yaml}");
        assert_eq!(
            yaml,
            "global:\n  scrape_interval: 1m\n  scrape_timeout: 10s\n  evaluation_interval: 1m\n  \
             external_labels:\n    cluster: \"eu 1\"\n    number: \"1\"\nscrape_configs:\n- job_name: node\n  \
             basic_auth:\n    username: ann\n    password: <secret>\n  http_headers:\n    X-Key:\n      \
             secrets:\n      - <secret>\n      values:\n      - plain\n  proxy_url: \"http://xxxxx@proxy:1\"\n  \
             relabel_configs:\n  - source_labels:\n    - a\n    - b\n    regex: \"x:(.*)\"\n    target_label: c\n  \
             static_configs:\n  - targets:\n    - \"db:9100\"\n  honor_timestamps: true\n  scrape_interval: 1m\n  \
             scrape_timeout: 10s\n  metrics_path: /metrics\n  scheme: http\n"
        );
        assert!(shown(&yaml).contains("username: ann"), "it reads back");
    }

    #[test]
    fn passwords_of_databases_are_not_shown() {
        for url in [
            "postgres://ann:hunter2@db/plimsoll",
            "postgres://db/plimsoll?password=hunter2&user=ann",
            "postgres://db/plimsoll?user=ann&password=hunter2",
        ] {
            let yaml = shown(&format!("plimsoll: {{state: {{url: '{url}'}}}}\n"));
            assert!(
                !yaml.contains("hunter2") && yaml.contains("xxxxx"),
                "{yaml}"
            );
        }
    }

    #[test]
    fn an_empty_file_shows_the_defaults() {
        assert!(shown("").starts_with("global:\n  scrape_interval: 1m\n"));
    }
}
