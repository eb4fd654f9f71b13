//! `plimsoll demo`: the real server and gateway on a small shop, and a story of what goes wrong in it.
//!
//! What is shown is what `plimsoll serve` is made of: its command line is built here, and its `run` is called. The shop, its
//! customers and the story run beside it, on threads of their own.

mod backstage;
mod home;
mod port;
mod terminal;

use std::net::SocketAddr;

use clap::Parser;
use plimsoll_demo::files::{self, Written};
use plimsoll_demo::scale::Scale;
use plimsoll_demo::show::Outcome;
use plimsoll_demo::story::Story;

use super::{Failure, print, serve};
use backstage::Backstage;
use home::Home;
use terminal::Terminal;

/// See it live: a small shop behind the gateway, its customers, and a story of what goes wrong
///
/// Needs no configuration, no network and no root: everything is in this process and on loopback, in a temporary directory that
/// is removed at the end. The URL is on stdout; everything else that is told is on stderr.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll demo\n  \
    plimsoll demo --story overload --speed 2x\n  \
    plimsoll demo --story my-story.yml --headless")]
pub(crate) struct Arguments {
    /// What happens: outage, slow-backend, overload, or a file of your own
    #[arg(long, value_name = "STORY", default_value = "outage")]
    story: String,
    /// How fast it happens, 1x to 20x; see docs/demo.md for what is not scaled
    #[arg(long, value_name = "SPEED", default_value = "1x", value_parser = Scale::parse)]
    speed: Scale,
    /// End with the story: exit 0 only if the right alert came and went in time, nobody was paged for anything else, and
    /// the budgets have exactly what failed
    #[arg(long)]
    headless: bool,
    /// Leave the data behind, and say how to look at it again
    #[arg(long)]
    keep: bool,
    /// The port of the user interface, 0 for any; 9880 or the next one that is free when this is absent
    #[arg(long, value_name = "PORT")]
    port: Option<u16>,
}

pub(crate) fn run(arguments: Arguments) -> Result<(), Failure> {
    let story = load(&arguments.story)?;
    let address = port::free(arguments.port)?;
    let terminal = Terminal::new(address, arguments.headless);
    let mut backstage = Backstage::set_up(address)?;
    let home = Home::make(arguments.keep)?;
    let places = backstage.places(arguments.speed);
    let written = files::write(&home.configuration(), &places);
    let written = written.map_err(|error| home.failed(&error))?;
    let serve = serve_arguments(&written, &home, address)?;
    backstage.begin(story, arguments.speed, arguments.headless, terminal);
    let served = serve::run(serve);
    let outcome = backstage.end();
    if let Some(told) = home.kept(&written) {
        eprint!("{told}");
    }
    served?;
    match arguments.headless {
        true => verdict(&arguments.story, outcome),
        false => Ok(()),
    }
}

fn load(name: &str) -> Result<Story, Failure> {
    let refused = |found| {
        let known: Vec<&str> = Story::names().collect();
        let hint = format!("stories without a file are {}", known.join(", "));
        Failure::rendered(format!("{found}\n")).with_hint("cannot read the file", &hint)
    };
    Story::load(name).map_err(refused)
}

/// Makes the command line that a user would write for these files.
fn serve_arguments(
    written: &Written,
    home: &Home,
    address: SocketAddr,
) -> Result<serve::Arguments, Failure> {
    #[derive(Parser)]
    #[command(name = "plimsoll demo")]
    struct Line {
        #[command(flatten)]
        arguments: serve::Arguments,
    }
    let path = |path: &std::path::Path| path.display().to_string();
    let line = [
        "plimsoll demo".to_owned(),
        format!("--config={}", path(&written.prometheus)),
        format!("--gateway-config={}", path(&written.gateway)),
        format!("--alertmanager-config={}", path(&written.alertmanager)),
        format!("--data-dir={}", path(&home.data())),
        format!("--listen={address}"),
        format!("--external-url=http://{address}"),
        // What goes wrong on purpose is no news; the story tells it.
        "--log-filter=error".to_owned(),
    ];
    let read = Line::try_parse_from(line);
    read.map(|line| line.arguments).map_err(Failure::failed)
}

/// Says what came of the story.
fn verdict(name: &str, outcome: Option<Outcome>) -> Result<(), Failure> {
    let Some(outcome) = outcome else {
        let text = format!("the story {name} was stopped before its end");
        return Err(Failure::failed(text));
    };
    for fact in &outcome.facts {
        print(&format!("{fact}\n"))?;
    }
    if outcome.differences.is_empty() {
        return print(&format!("{name}: as it had to be\n"));
    }
    for difference in &outcome.differences {
        print(&format!("differs: {difference}\n"))?;
    }
    let text = format!("the story {name} did not go as it had to");
    Err(Failure::failed(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_that_is_not_there_is_told_with_those_that_are() {
        let failure = load("no-such-story").unwrap_err().to_string();
        assert!(failure.contains("cannot read the file"), "{failure}");
        assert!(
            failure.contains("outage, slow-backend, overload"),
            "{failure}"
        );
    }

    #[test]
    fn the_verdict_fails_for_a_difference_and_for_no_end() {
        assert!(verdict("x", Some(Outcome::default())).is_ok());
        let outcome = Outcome {
            differences: vec!["a".into()],
            ..Outcome::default()
        };
        let failure = verdict("x", Some(outcome)).unwrap_err().to_string();
        assert!(failure.contains("did not go"), "{failure}");
        assert!(verdict("x", None).is_err());
    }
}
