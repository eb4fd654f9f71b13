//! `plimsoll promql explain`: which operators answer an expression, and what each of them costs.

use std::time::Duration;

use plimsoll_promql::{Control, Cost, Engine, Options, PlanNode, parse_with};
use plimsoll_types::Timestamp;
use serde_json::Value;

use crate::commands::features::EnabledFeatures;
use crate::commands::server::{Server, read_answer};
use crate::commands::{Failure, print};

use super::nothing::Nothing;

/// Print the operators that answer an expression; with --run a server answers it, and each operator tells its cost
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The expression
    expression: String,
    /// Have a server answer it
    #[arg(long)]
    run: bool,
    #[command(flatten)]
    server: Server,
    /// The point in time: Unix seconds or RFC 3339; now when absent
    #[arg(long, value_name = "TIME", requires = "run", conflicts_with_all = ["start", "end", "step"])]
    time: Option<String>,
    /// Where a range begins: Unix seconds or RFC 3339
    #[arg(long, value_name = "TIME", requires = "run", requires = "end")]
    start: Option<String>,
    /// Where a range ends, the last step included
    #[arg(long, value_name = "TIME", requires = "start")]
    end: Option<String>,
    /// The distance of two steps
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "1m",
        requires = "start"
    )]
    step: String,
    #[command(flatten)]
    features: EnabledFeatures,
}

pub(super) fn run(arguments: Arguments) -> Result<(), Failure> {
    let tree = match arguments.run {
        true => measured(&arguments)?,
        false => planned(&arguments)?,
    };
    print(&tree.to_string())
}

/// Plans over an empty store: what does not depend on the data.
fn planned(arguments: &Arguments) -> Result<PlanNode, Failure> {
    let expr = parse_with(&arguments.expression, &arguments.features.parsed())
        .map_err(|error| Failure::failed(error.render()))?;
    let engine = Engine::new(Options::default());
    let at = Timestamp::from_millis;
    let range = (at(0), at(3_600_000), Duration::from_secs(60));
    let mut plan = engine
        .explain(&Nothing, &expr, range, &Control::unlimited())
        .or_else(|_| {
            // Strings and range vectors have a value at one point in time only.
            let range = (at(0), at(0), Duration::from_secs(60));
            engine.explain(&Nothing, &expr, range, &Control::unlimited())
        })
        .map_err(Failure::failed)?;
    forget_series(&mut plan);
    Ok(plan)
}

/// That nothing is found in an empty store tells nothing. The depth of a plan is bounded by the parser.
fn forget_series(plan: &mut PlanNode) {
    plan.series = None;
    plan.children.iter_mut().for_each(forget_series);
}

fn measured(arguments: &Arguments) -> Result<PlanNode, Failure> {
    let mut parameters = vec![("query", &*arguments.expression), ("explain", "true")];
    let path = match (&arguments.start, &arguments.end) {
        (Some(start), Some(end)) => {
            parameters.extend([("start", &**start), ("end", end), ("step", &arguments.step)]);
            "api/v1/query_range"
        }
        _ => {
            parameters.extend(arguments.time.iter().map(|time| ("time", &**time)));
            "api/v1/query"
        }
    };
    let body = arguments.server.ask(path, &parameters)?;
    let answer = read_answer(&arguments.server, &body)?;
    match &answer["data"]["explain"] {
        Value::Null => Err(Failure::failed(format!(
            "{} does not explain its queries: it is another program, or an older one",
            arguments.server.shown()
        ))),
        tree => Ok(node(tree)),
    }
}

fn node(tree: &Value) -> PlanNode {
    let list = |name: &str| tree[name].as_array().into_iter().flatten();
    let number = |name: &str| tree[name].as_u64().unwrap_or(0);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let seconds = tree["seconds"].as_f64();
    PlanNode {
        operator: text(&tree["operator"]),
        notes: list("notes").map(text).collect(),
        position: None,
        steps: number("steps") as usize,
        series: tree["series"].as_u64(),
        cost: seconds.map(|seconds| Cost {
            samples: number("samples"),
            time: Duration::try_from_secs_f64(seconds).unwrap_or_default(),
            bytes_peak: number("peakBytes"),
            series_read: number("seriesRead"),
            samples_read: number("samplesRead"),
            blocks_read: number("blocksRead"),
            blocks_skipped: number("blocksSkipped"),
        }),
        children: list("children").map(node).collect(),
    }
}
