//! Rules that write to files, by delivery streams.

use crate::world::{World, arn, bus, plan, properties, template};
use host::data_dir::DataDir;
use host::iam::Iam;
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A bucket, a stream to it and a rule that writes all events to that.
fn backup(template: &mut Value) {
    let bus = bus(template);
    let role = |actions: Value, resource: Value| {
        let statement = json!({"Effect": "Allow", "Action": actions, "Resource": resource});
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]});
        json!({"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": {},
            "Policies": [{"PolicyName": "Some", "PolicyDocument": policy}],
        }})
    };
    let files = json!({"Fn::Join": ["", [arn("Backup"), "/*"]]});
    let more = json!({
        "Backup": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "backup"}},
        "StreamRole": role(json!("s3:PutObject"), files),
        "RuleRole": role(json!(["firehose:PutRecord", "firehose:PutRecordBatch"]), arn("Stream")),
        "Stream": {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": {
            "DeliveryStreamName": "events",
            "ExtendedS3DestinationConfiguration": {
                "BucketARN": arn("Backup"), "RoleARN": arn("StreamRole"),
                "Prefix": "events/dt=!{timestamp:yyyy-MM-dd}/", "CompressionFormat": "GZIP",
                "BufferingHints": {"IntervalInSeconds": 60, "SizeInMBs": 1},
                "ProcessingConfiguration": {"Enabled": true, "Processors": [
                    {"Type": "AppendDelimiterToRecord", "Parameters": []},
                ]},
            },
        }},
        "ToStream": {"Type": "AWS::Events::Rule", "Properties": {
            "EventBusName": {"Ref": bus}, "EventPattern": {"source": ["booking-gateway"]},
            "Targets": [{
                "Id": "Target0", "Arn": arn("Stream"), "RoleArn": arn("RuleRole"),
                "InputPath": "$.detail",
            }],
        }},
    });
    template["Resources"].as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
}

fn destination(template: &mut Value) -> &mut Value {
    &mut properties(template, "Stream")["ExtendedS3DestinationConfiguration"]
}

/// All files of a bucket.
fn files(bucket: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![bucket.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir().into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// The ids of the bookings in a compressed file, by line.
fn ids(file: &Path) -> Vec<String> {
    let mut text = String::new();
    let file = std::fs::File::open(file).unwrap();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    assert!(text.ends_with('\n'), "{text}");
    let id = |line: &str| {
        serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned()
    };
    text.lines().map(id).collect()
}

async fn start(data: &tempfile::TempDir, change: impl FnOnce(&mut Value)) -> World {
    let kept: DataDir = crate::durable::open(data).await;
    let folder = Arc::new(tempfile::tempdir().unwrap());
    World::start_in(folder, kept, "{}", |template| {
        backup(template);
        change(template);
    })
    .await
}

#[tokio::test]
async fn events_are_gathered_and_written_to_a_file_together() {
    let data = tempfile::tempdir().unwrap();
    let bucket = data.path().join("buckets/backup");
    let world = start(&data, |_| {}).await;
    for id in ["b-1", "b-2", "b-3"] {
        world.put(id, "held").await;
    }
    let logged = world.logged("b-3").await;
    assert!(logged.deliveries.iter().any(|it| it.kind == "stream" && it.to == "Stream"));
    assert!(files(&bucket).is_empty(), "they wait for a minute");
    world.stop().await;

    // What was gathered is still there after a restart, and written when somebody asks for it.
    let world = start(&data, |_| {}).await;
    assert_eq!(world.off_the_bus.firehose.flush().unwrap(), 3);
    assert_eq!(world.off_the_bus.firehose.flush().unwrap(), 0);
    let written = files(&bucket);
    assert_eq!(written.len(), 1);
    assert_eq!(ids(&written[0]), ["b-1", "b-2", "b-3"]);
    let name = written[0].strip_prefix(&bucket).unwrap().to_str().unwrap().to_owned();
    let day = jiff::Timestamp::now().strftime("%Y-%m").to_string();
    assert!(name.starts_with(&format!("events/dt={day}-")), "{name}");
    assert!(name.contains("/events-1-20"), "{name}");
    assert_eq!(written[0].extension().unwrap(), "gz");
    world.stop().await;
}

#[tokio::test]
async fn a_file_is_written_when_its_time_has_come() {
    let data = tempfile::tempdir().unwrap();
    let bucket = data.path().join("buckets/backup");
    let world = start(&data, |template| {
        destination(template)["BufferingHints"]["IntervalInSeconds"] = json!(1);
        destination(template)["CompressionFormat"] = json!("UNCOMPRESSED");
        destination(template)["FileExtension"] = json!(".json");
    })
    .await;
    world.put("b-1", "held").await;
    world.put("b-2", "held").await;
    // A file that is being written has another name.
    let written = || -> Vec<_> {
        files(&bucket)
            .into_iter()
            .filter(|it| it.extension().is_some_and(|it| it == "json"))
            .collect()
    };
    world.until(|_| !written().is_empty()).await;
    let text = std::fs::read_to_string(&written()[0]).unwrap();
    assert!(text.contains("\"id\":\"b-1\""), "{text}");
    world.stop().await;
}

#[test]
fn a_stream_that_this_host_does_not_know_is_refused_by_name() {
    for (property, value, expected) in [
        ("Prefix", json!("!{firehose:random-string}/"), "Prefix: this host does not know"),
        ("Prefix", json!("../../"), "Prefix: this host does not know"),
        ("CompressionFormat", json!("Snappy"), "does not know Snappy"),
        ("BucketARN", json!("arn:x"), "arn:x is not a bucket"),
        ("RoleARN", json!("arn:x"), "arn:x is not a role"),
        ("CustomTimeZone", json!("Europe/Berlin"), "UTC only"),
        ("BufferingHints", json!({"IntervalInSeconds": 901}), "0 to 900 seconds"),
        ("BufferingHints", json!({"SizeInMBs": 129}), "1 to 128 megabytes"),
        ("DynamicPartitioningConfiguration", json!({}), "unknown field"),
        (
            "ProcessingConfiguration",
            json!({"Enabled": true, "Processors": [{"Type": "Lambda"}]}),
            "AppendDelimiterToRecord only",
        ),
    ] {
        let mut template = template();
        backup(&mut template);
        destination(&mut template)[property] = value;
        let message = plan(&template).unwrap_err();
        assert!(message.contains("resource Stream"), "{message}");
        assert!(message.contains(expected), "{property}: {message}");
    }
    let mut template = template();
    backup(&mut template);
    properties(&mut template, "Backup")["BucketName"] = json!("../x");
    assert!(plan(&template).unwrap_err().contains("no name for a folder"));
}

#[test]
fn roles_have_to_allow_it() {
    for (role, action, resource) in [
        ("StreamRole", "s3:PutObject", "AWS::KinesisFirehose::DeliveryStream"),
        ("RuleRole", "firehose:PutRecordBatch", "AWS::Events::Rule"),
    ] {
        let mut template = template();
        backup(&mut template);
        let mut plan = plan(&template).unwrap();
        let iam = Iam::new(&plan.functions, &plan.roles, None).unwrap();
        iam.check_mappings(&plan).unwrap();
        plan.roles.get_mut(role).unwrap().grants.retain(|grant| grant.action != action);
        let iam = Iam::new(&plan.functions, &plan.roles, None).unwrap();
        let message = iam.check_mappings(&plan).unwrap_err().to_string();
        assert!(message.contains(role) && message.contains(resource), "{message}");
    }
}
