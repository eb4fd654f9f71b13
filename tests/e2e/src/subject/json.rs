//! Answers of Prometheus' HTTP API as answers of a subject.

use anyhow::{Context, Result, bail};
use plimsoll_promqltest::{Answer, AnswerValue, Bucket, Found, FoundHistogram, Refusal};
use plimsoll_types::Labels;
use serde_json::Value;

use crate::Reply;

/// Reads a reply of `/api/v1/query` or `/api/v1/query_range`.
pub(super) fn answer(reply: &Reply) -> Result<Answer, Refusal> {
    let broken = |error: anyhow::Error| Refusal::Broken(format!("{error:#}"));
    let answer = reply.json().map_err(broken)?;
    if answer["status"] == "success" {
        return read(&answer).map_err(broken);
    }
    let message = answer["error"].as_str().unwrap_or_default().to_string();
    Err(match answer["errorType"].as_str() {
        Some("bad_data") => Refusal::Unread(message),
        Some("execution") => Refusal::Failed(message),
        _ => Refusal::Broken(format!("status {}: {}", reply.status, reply.text())),
    })
}

fn read(answer: &Value) -> Result<Answer> {
    let texts = |name: &str| {
        let texts = answer[name].as_array().into_iter().flatten();
        texts
            .filter_map(Value::as_str)
            .map(str::to_string)
            .collect()
    };
    let data = &answer["data"];
    let result = &data["result"];
    let value = match data["resultType"].as_str().unwrap_or_default() {
        "scalar" => AnswerValue::Scalar(number(&result[1])?),
        "string" => AnswerValue::String(text(&result[1])?.into()),
        "vector" => AnswerValue::Vector(array(result)?.iter().map(sample).collect::<Result<_>>()?),
        "matrix" => AnswerValue::Matrix(array(result)?.iter().map(series).collect::<Result<_>>()?),
        other => bail!("unknown result type {other:?}"),
    };
    Ok(Answer {
        value,
        warnings: texts("warnings"),
        infos: texts("infos"),
    })
}

fn array(value: &Value) -> Result<&Vec<Value>> {
    value
        .as_array()
        .with_context(|| format!("no list: {value}"))
}

fn text(value: &Value) -> Result<&str> {
    value
        .as_str()
        .with_context(|| format!("no string: {value}"))
}

/// Numbers come as strings, in which JSON lets them be infinite.
fn number(value: &Value) -> Result<f64> {
    let text = text(value)?;
    text.parse().with_context(|| format!("no number: {text}"))
}

fn labels(metric: &Value) -> Result<Labels> {
    let metric = metric.as_object().context("no metric")?;
    let pairs = metric.iter().map(|(name, value)| Ok((name, text(value)?)));
    Ok(Labels::from_pairs(pairs.collect::<Result<Vec<_>>>()?))
}

fn sample(entry: &Value) -> Result<(Labels, Found)> {
    let found = match entry.get("histogram") {
        Some(histogram) => self::histogram(&histogram[1])?,
        None => Found::Float(number(&entry["value"][1])?),
    };
    Ok((labels(&entry["metric"])?, found))
}

fn series(entry: &Value) -> Result<(Labels, Vec<(i64, Found)>)> {
    let mut points = Vec::new();
    for float in entry["values"].as_array().into_iter().flatten() {
        points.push((millis(&float[0])?, Found::Float(number(&float[1])?)));
    }
    for histogram in entry["histograms"].as_array().into_iter().flatten() {
        points.push((millis(&histogram[0])?, self::histogram(&histogram[1])?));
    }
    points.sort_by_key(|(time, _)| *time);
    Ok((labels(&entry["metric"])?, points))
}

fn millis(time: &Value) -> Result<i64> {
    let seconds = time.as_f64().with_context(|| format!("no time: {time}"))?;
    Ok((seconds * 1000.0).round() as i64)
}

fn histogram(value: &Value) -> Result<Found> {
    let buckets = value["buckets"].as_array().into_iter().flatten();
    Ok(Found::Histogram(FoundHistogram::Shown {
        count: number(&value["count"])?,
        sum: number(&value["sum"])?,
        buckets: buckets.map(bucket).collect::<Result<_>>()?,
    }))
}

fn bucket(bucket: &Value) -> Result<Bucket> {
    let rule = bucket[0].as_u64().and_then(|rule| u8::try_from(rule).ok());
    Ok(Bucket {
        rule: rule.with_context(|| format!("no bucket: {bucket}"))?,
        lower: number(&bucket[1])?,
        upper: number(&bucket[2])?,
        count: number(&bucket[3])?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: u16, body: &str) -> Result<Answer, Refusal> {
        answer(&Reply {
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_vec(),
        })
    }

    #[test]
    fn reads_floats_and_histograms_in_the_order_of_time() {
        let body = r#"{"status":"success","infos":["i"],"data":{"resultType":"matrix","result":[
            {"metric":{"a":"b"},"values":[[0.001,"1"],[2,"NaN"]],
             "histograms":[[1,{"count":"3","sum":"-Inf","buckets":[[0,"1","2","3"]]}]]}]}}"#;
        let found = check(200, body).unwrap();
        assert_eq!(found.infos, ["i"]);
        let AnswerValue::Matrix(series) = found.value else {
            panic!("{found:?}")
        };
        let times: Vec<i64> = series[0].1.iter().map(|(time, _)| *time).collect();
        assert_eq!(times, [1, 1000, 2000]);
        let Found::Histogram(FoundHistogram::Shown { sum, buckets, .. }) = &series[0].1[1].1 else {
            panic!("{series:?}")
        };
        assert_eq!((*sum, buckets[0].count), (f64::NEG_INFINITY, 3.0));
    }

    #[test]
    fn tells_refusals_apart() {
        let body = |kind: &str| format!(r#"{{"status":"error","errorType":"{kind}","error":"e"}}"#);
        assert_eq!(
            check(400, &body("bad_data")),
            Err(Refusal::Unread("e".into()))
        );
        assert_eq!(
            check(422, &body("execution")),
            Err(Refusal::Failed("e".into()))
        );
        assert!(matches!(
            check(503, &body("timeout")),
            Err(Refusal::Broken(_))
        ));
        assert!(matches!(check(502, "bad gateway"), Err(Refusal::Broken(_))));
    }
}
