//! A grant that is missing: the function is refused as on AWS, and the host says what it lacks.

use e2e::template::Variant;
use e2e::wait::eventually;
use e2e::{Host, Room, Value, json};

/// Whether to leave a test out because there is no local host: says so.
pub fn skipped(test: &str) -> bool {
    e2e::gateway::skipped(test, "it is about the local host")
}

/// The first statement about such an action in a policy of the role whose logical id has this in
/// it, with the policy's logical id.
pub fn statement<'a>(template: &'a mut Value, role: &str, action: &str) -> (String, &'a mut Value) {
    let resources = template["Resources"].as_object_mut().unwrap();
    let policy = resources.iter_mut().find(|(id, it)| {
        it["Type"] == "AWS::IAM::Policy" && id.contains(role) && id.contains("Policy")
    });
    let (id, policy) = policy.unwrap();
    let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_array_mut().unwrap();
    let found = statements.iter_mut().find(|it| it["Action"].to_string().contains(action));
    (id.clone(), found.unwrap())
}

/// The bookings table's statement of `push` with these actions only.
fn push_with(actions: Value) -> Variant {
    Variant::edited(|template| {
        let resources = template["Resources"].as_object_mut().unwrap();
        let policies = resources.iter_mut().filter(|(id, it)| {
            it["Type"] == "AWS::IAM::Policy" && id.starts_with("FunctionsPushRole")
        });
        for (_, policy) in policies {
            let statements = policy["Properties"]["PolicyDocument"]["Statement"].as_array_mut();
            for statement in statements.unwrap() {
                let resource = &statement["Resource"]["Fn::GetAtt"];
                let of_table = resource[0].as_str().is_some_and(|it| it.starts_with("Bookings"));
                if of_table && resource[1] == "Arn" {
                    statement["Action"] = actions.clone();
                }
            }
        }
    })
}

/// A host whose report is its own: what is refused there is meant to be.
fn host(variant: &Variant) -> (Host, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report").to_string_lossy().into_owned();
    let host = Host::start(&["--template", &variant.path(), "--iam-report", &report]);
    (host, folder)
}

/// Waits until `push` is refused this action on the bookings table; answers what was logged.
async fn refusal(host: &Host, action: &str) -> String {
    let found = eventually("the refusal", async || {
        let status = host.get_json("/dev/iam").await;
        let roles = status["roles"].as_object().unwrap();
        let (role, it) = roles.iter().find(|(id, _)| id.starts_with("FunctionsPushRole")).unwrap();
        let mut refused = it["refused"].as_array().unwrap().iter();
        let found = refused.find(|it| it["action"] == action)?;
        Some((role.clone(), found["resource"].as_str().unwrap().to_owned()))
    });
    let (role, resource) = found.await;
    let statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let expected = format!("refused: the role {role} lacks {statement}");
    let log = host.log();
    assert!(log.contains(&expected), "{expected} is not in\n{log}");
    assert_eq!(log.matches(&expected).count(), 1, "it is told once");
    resource
}

/// As the first release granted it: `push` read a slot with a hold that had run out, which its
/// role did not let it do, and the watchers of the resource were told no more.
#[tokio::test]
async fn a_watched_slot_with_an_abandoned_hold_names_what_push_lacks() {
    if skipped("refused::a_watched_slot_with_an_abandoned_hold_names_what_push_lacks") {
        return;
    }
    let (host, _folder) = host(&push_with(json!("dynamodb:GetItem")));
    let room = Room::with(&host.gateway, json!({"capacity": 2, "holdSeconds": 1})).await;
    let _watcher = room.watcher().await;
    room.abandon_hold(0).await;
    room.customer().await.ok(room.one("book", 0)).await;
    let resource = refusal(&host, "dynamodb:Query").await;
    assert!(resource.ends_with(&format!(":table/{}", host.gateway.tables.bookings)), "{resource}");
}

#[tokio::test]
async fn a_policy_that_cannot_be_judged_stops_the_host_by_name() {
    if skipped("refused::a_policy_that_cannot_be_judged_stops_the_host_by_name") {
        return;
    }
    let mut policy = String::new();
    let variant = Variant::edited(|template| {
        let (id, statement) = statement(template, "ConnectRole", "dynamodb:");
        statement["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": "us-east-1"}});
        policy = id;
    });
    let output = Host::refuses(&["--port", "0", "--template", &variant.path()]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && message.trim_end().lines().count() == 1, "{message}");
    assert!(message.contains(&policy) && message.contains("`Condition`"), "{message}");
}

#[tokio::test]
async fn a_mapping_that_aws_would_not_make_stops_the_host_by_name() {
    if skipped("refused::a_mapping_that_aws_would_not_make_stops_the_host_by_name") {
        return;
    }
    let variant = Variant::edited(|template| {
        let (_, statement) = statement(template, "PushRole", "dynamodb:GetRecords");
        statement["Action"] = json!(["dynamodb:GetShardIterator", "dynamodb:DescribeStream"]);
    });
    let output = Host::refuses(&["--port", "0", "--template", &variant.path()]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && message.trim_end().lines().count() == 1, "{message}");
    for part in ["AWS::Lambda::EventSourceMapping", "FunctionsPushRole", "dynamodb:GetRecords"] {
        assert!(message.contains(part), "{message}");
    }
}
