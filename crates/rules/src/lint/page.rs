//! The manual's page about lints, made of the table so that both say the same.

use std::fmt::Write;

use super::{ALL, Lint};

const HEAD: &str = "\
# What `plimsoll check rules --lint` finds

<!-- This page is made of the table in crates/rules/src/lint.rs: change it there. -->

A rule file can be legal and still not do what its author wants. `plimsoll check rules --lint all FILE` looks for that; every
finding has its place, what is wrong, and often what to do:

```text
rules.yml:6:15: warning: `<` is never true: the left side is 1 or more, the right side is 1 [mistake: unreachable-condition]
  |
6 |         expr: count(up{job=\"api\"}) < 1
  |               ^^^^^^^^^^^^^^^^^^^^^^^^ a count of nothing is nothing, not 0: use absent()
```

- `--lint NAME,NAME` runs these only, `--disable NAME,NAME` runs all but these, `--lint none` runs nothing.
- Without `--lint` only `duplicate-rules` runs, as in promtool.
- `--lint-fatal` ends with exit code 3 when something was found; without it findings change no exit code.
- `--against URL` asks a server that speaks Prometheus' HTTP API what it has stored and how often alerts fired. Lints that
  need it are silent without; what the server does not tell is not guessed.
- `--scrape-interval 30s` says how far apart samples are where no server tells.

A finding that was read and decided about is silenced in the file: `# plimsoll: disable=NAME`, several names with commas, then a
reason if you like. Inside a rule or directly above it the comment holds for the rule; beside a group's `name`, for the
group; before `groups:`, for the file. A name that no lint has is told and silences nothing.

```yaml
- alert: Down
  expr: up == 0  # plimsoll: disable=missing-for one lost probe is enough here
```

The levels: a *mistake* cannot be what was meant, a *risk* works on most days, *advice* is what others do for a reason.

";

/// Returns the text of docs/lint.md.
pub fn page() -> String {
    let mut text = HEAD.to_owned();
    text.push_str("| lint | level | finds |\n|---|---|---|\n");
    for lint in ALL {
        let (name, level, finds) = (lint.name, lint.level.as_str(), lint.finds);
        // Writing into a text does not fail.
        let _ = writeln!(text, "| [{name}](#{name}) | {level} | {finds} |");
    }
    ALL.iter().for_each(|lint| section(&mut text, lint));
    text
}

fn section(text: &mut String, lint: &Lint) {
    let name = lint.name;
    let server = if lint.asks_server {
        " Needs `--against`."
    } else {
        ""
    };
    let _ = write!(
        text,
        "\n## {name}\n\nFinds {}.{server}\n\n{}\n\nInstead: {}\n",
        lint.finds, lint.why, lint.remedy
    );
    if !lint.bad.is_empty() {
        let _ = write!(
            text,
            "\n```yaml\n# found\n{}# not found\n{}```\n",
            lint.bad, lint.good
        );
    }
}
