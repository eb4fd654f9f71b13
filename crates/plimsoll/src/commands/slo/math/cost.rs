//! `plimsoll slo math cost`: what another nine costs.

use std::time::Duration;

use plimsoll_slo::Target;
use plimsoll_slo::math::YEAR;
use plimsoll_slo::whatif::{Nine, Offer, Year};
use plimsoll_types::parse_duration;
use serde_json::{Value, json};

use super::shown::{Output, answer, length, number};
use crate::commands::Failure;

/// Print what a better objective costs per outage that it avoids, and per nine
///
/// An objective allows so many outages of the mean length in a year. What is more than that has to be avoided.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  \
    plimsoll slo math cost 99.9 99.95=50000 99.99=400000 --outages 12 --length 40m")]
pub(crate) struct Arguments {
    /// Objectives in percent with their price per year, in any currency; the first is what there is
    #[arg(value_name = "OBJECTIVE[=PRICE]", required = true)]
    offers: Vec<String>,
    /// How many outages there are in a year
    #[arg(long, value_name = "COUNT")]
    outages: f64,
    /// How long an outage is in the mean, as if nothing worked in it
    #[arg(long, value_name = "DURATION")]
    length: String,
    /// How it is printed
    #[arg(
        long,
        short,
        value_enum,
        value_name = "FORMAT",
        default_value = "table"
    )]
    output: Output,
}

const HEAD: [&str; 7] = [
    "OBJECTIVE",
    "NINES",
    "DOWN PER YEAR",
    "OUTAGES ALLOWED",
    "AVOIDED",
    "PRICE OF EACH",
    "PRICE PER NINE",
];

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let offers: Vec<Offer> = arguments
        .offers
        .iter()
        .map(|text| offer(text))
        .collect::<Result<_, _>>()?;
    let table = year(arguments)?.nines(&offers);
    let lines: Vec<Vec<String>> = table.iter().map(line).collect();
    answer(
        arguments.output,
        &HEAD,
        &lines,
        table.iter().map(value).collect(),
    )
}

/// A year in seconds.
fn year(arguments: &Arguments) -> Result<Year, Failure> {
    let length: Duration = parse_duration(&arguments.length).map_err(Failure::usage)?;
    if length.is_zero() {
        return Err(Failure::usage("--length: an outage has a length"));
    }
    if !(arguments.outages.is_finite() && arguments.outages >= 0.0) {
        return Err(Failure::usage("--outages: wanted a number from 0 on"));
    }
    Ok(Year {
        valid: YEAR.as_secs_f64(),
        outages: arguments.outages,
        bad: length.as_secs_f64(),
    })
}

fn offer(text: &str) -> Result<Offer, Failure> {
    let (target, price) = text.split_once('=').unwrap_or((text, "0"));
    let target: Target = target
        .parse()
        .map_err(|error| Failure::usage(format!("{text}: {error}")))?;
    let price = price
        .parse()
        .ok()
        .filter(|price: &f64| price.is_finite() && *price >= 0.0);
    let wanted = || {
        Failure::usage(format!(
            "{text}: wanted an objective and its price, such as 99.95=50000"
        ))
    };
    let price = price.ok_or_else(wanted)?;
    Ok(Offer { target, price })
}

fn line(nine: &Nine) -> Vec<String> {
    let or_none = |value: Option<f64>| value.map_or_else(String::new, number);
    vec![
        format!("{} %", nine.offer.target),
        number(nine.nines),
        length(nine.downtime),
        or_none(nine.outages),
        number(nine.avoided),
        or_none(nine.price_per_outage),
        or_none(nine.price_per_nine),
    ]
}

fn value(nine: &Nine) -> Value {
    json!({
        "objective": nine.offer.target.to_string(),
        "price": nine.offer.price,
        "nines": nine.nines,
        "downtimeSeconds": nine.downtime.as_secs_f64(),
        "outagesAllowed": nine.outages,
        "outagesAvoided": nine.avoided,
        "pricePerOutage": nine.price_per_outage,
        "pricePerNine": nine.price_per_nine,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_of_what_is_avoided() {
        let year = Year {
            valid: YEAR.as_secs_f64(),
            outages: 12.0,
            bad: 43.83 * 60.0,
        };
        let offers = ["99.9", "99.95=50000"].map(|text| offer(text).unwrap());
        let table = year.nines(&offers);
        // 8.766 hours are twelve outages of 43.83 minutes; half of them are six.
        assert_eq!(line(&table[0]), ["99.9 %", "3", "8h46m", "12", "0", "", ""]);
        let better = line(&table[1]);
        assert_eq!(
            better[..6],
            ["99.95 %", "3.3", "4h23m", "6", "6", "8333.33"]
        );
    }

    #[test]
    fn an_offer_has_a_price_or_none() {
        assert_eq!(offer("99.9").unwrap().price, 0.0);
        for wrong in ["100", "99.9=", "99.9=-1", "99.9=NaN", "=5"] {
            assert!(offer(wrong).is_err(), "{wrong}");
        }
    }
}
