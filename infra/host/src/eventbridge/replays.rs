//! Replays of what archives keep.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html>

use super::error::EventBridgeError;
use crate::endpoint::read;
use crate::events::{EventBuses, NewReplay, Replay};
use crate::iam::{Access, Caller};
use crate::template::{ACCOUNT, PARTITION, REGION};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StartReplay {
    replay_name: String,
    event_source_arn: String,
    /// Seconds since 1970.
    event_start_time: f64,
    event_end_time: f64,
    destination: Destination,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    arn: String,
    #[serde(default)]
    filter_arns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribeReplay {
    replay_name: String,
}

fn arn(name: &str) -> String {
    format!("arn:{PARTITION}:events:{REGION}:{ACCOUNT}:replay/{name}")
}

pub(super) fn start(
    buses: &EventBuses,
    caller: &Caller<'_>,
    body: &[u8],
) -> Result<Value, EventBridgeError> {
    let request: StartReplay = read(body)?;
    let name = &request.replay_name;
    let allowed = |it: char| it.is_ascii_alphanumeric() || "._-".contains(it);
    if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) {
        return Err(EventBridgeError::Invalid(format!("{name:?} is no name for a replay")));
    }
    caller.may(&Access::new("events:StartReplay", arn(name)))?;
    let missing = |what: &str| EventBridgeError::Missing(what.to_owned());
    let (from, to) = (&request.event_source_arn, &request.destination);
    let (archive, bus) = buses.archive(from).ok_or_else(|| missing(from))?;
    if buses.find(&to.arn).is_none_or(|(id, _)| id != bus) {
        return Err(EventBridgeError::Invalid(
            "Cross event bus replay is not permitted.".to_owned(),
        ));
    }
    let rules = to.filter_arns.iter();
    let rules = rules.map(|arn| buses.rule(arn).map(str::to_owned).ok_or_else(|| missing(arn)));
    let rules = rules.collect::<Result<Vec<_>, _>>()?;
    if request.event_end_time <= request.event_start_time {
        return Err(EventBridgeError::Invalid(
            "EventEndTime must be greater than EventStartTime.".to_owned(),
        ));
    }
    let replay = buses.start_replay(NewReplay {
        name: name.clone(),
        archive: archive.to_owned(),
        rules: (!rules.is_empty()).then_some(rules),
        from_ms: ms(request.event_start_time),
        to_ms: ms(request.event_end_time),
    })?;
    Ok(json!({
        "ReplayArn": arn(name),
        "State": "STARTING",
        "ReplayStartTime": seconds(replay.started_ms),
    }))
}

pub(super) fn describe(
    buses: &EventBuses,
    caller: &Caller<'_>,
    body: &[u8],
) -> Result<Value, EventBridgeError> {
    let DescribeReplay { replay_name: name } = read(body)?;
    caller.may(&Access::new("events:DescribeReplay", arn(&name)))?;
    let replay = buses.replay(&name)?;
    let replay = replay.ok_or_else(|| EventBridgeError::Missing(format!("Replay {name}")))?;
    let Replay { replay: asked, started_ms, ended_ms, last_ms, .. } = &replay;
    let mut answer = json!({
        "ReplayName": name,
        "ReplayArn": arn(&name),
        "State": if ended_ms.is_some() { "COMPLETED" } else { "RUNNING" },
        "EventStartTime": seconds(asked.from_ms),
        "EventEndTime": seconds(asked.to_ms),
        "ReplayStartTime": seconds(*started_ms),
    });
    if let Some(last) = last_ms {
        answer["EventLastReplayedTime"] = json!(seconds(*last));
    }
    if let Some(ended) = ended_ms {
        answer["ReplayEndTime"] = json!(seconds(*ended));
    }
    Ok(answer)
}

#[expect(clippy::cast_possible_truncation, reason = "whole milliseconds are meant")]
fn ms(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}

#[expect(clippy::cast_precision_loss, reason = "of milliseconds since 1970 nothing is lost")]
fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}
