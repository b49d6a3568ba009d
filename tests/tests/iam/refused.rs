//! A grant that is missing: the function is refused as on AWS, and the host says what it lacks.

use e2e::template::Variant;
use e2e::wait::eventually;
use e2e::{Client, Host, Room, Value, json};

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

/// The template without one action of a role on the table whose logical id begins so.
fn without(role: &str, action: &str, table: &str) -> Variant {
    Variant::edited(|template| {
        let resources = template["Resources"].as_object_mut().unwrap();
        let policies = resources.iter_mut().filter(|(id, it)| {
            it["Type"] == "AWS::IAM::Policy" && id.starts_with(&format!("Functions{role}"))
        });
        let statements = policies.flat_map(|(_, policy)| {
            policy["Properties"]["PolicyDocument"]["Statement"].as_array_mut().unwrap()
        });
        let mut taken = 0;
        for statement in statements {
            let of = &statement["Resource"]["Fn::GetAtt"];
            if of[1] != "Arn" || !of[0].as_str().is_some_and(|it| it.starts_with(table)) {
                continue;
            }
            let actions = match statement["Action"].take() {
                Value::Array(actions) => actions,
                action => vec![action],
            };
            let left: Vec<_> = actions.iter().filter(|it| *it != action).cloned().collect();
            taken += actions.len() - left.len();
            statement["Action"] = left.into();
        }
        assert_eq!(taken, 1, "{role} has no {action} on {table}");
    })
}

/// A host whose report is its own: what is refused there is meant to be.
fn host(variant: &Variant) -> (Host, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report").to_string_lossy().into_owned();
    let host = Host::start(&["--template", &variant.path(), "--iam-report", &report]);
    (host, folder)
}

/// Waits until the role is refused this action on the table; the host has then told what is missing.
async fn refusal(host: &Host, role: &str, action: &str, table: &str) {
    let found = eventually("the refusal", async || {
        let status = host.get_json("/dev/iam").await;
        let roles = status["roles"].as_object().unwrap();
        let (id, it) = roles.iter().find(|(id, _)| id.contains(role)).unwrap();
        let mut refused = it["refused"].as_array().unwrap().iter();
        let found = refused.find(|it| it["action"] == action)?;
        Some((id.clone(), found["resource"].as_str().unwrap().to_owned()))
    });
    let (role, resource) = found.await;
    assert!(resource.ends_with(&format!(":table/{table}")), "{resource}");
    let statement = json!({"Effect": "Allow", "Action": action, "Resource": resource});
    let expected = format!("refused: the role {role} lacks {statement}");
    let log = host.log();
    assert_eq!(log.matches(&expected).count(), 1, "once {expected} in\n{log}");
}

#[tokio::test]
async fn a_connection_whose_function_may_not_write_it_down_is_refused() {
    if skipped("refused::a_connection_whose_function_may_not_write_it_down_is_refused") {
        return;
    }
    let action = "dynamodb:PutItem";
    let (host, _folder) = host(&without("ConnectRole", action, "Connections"));
    let token = host.gateway.token("alice").await;
    let authorization = format!("Bearer {token}");
    let opened = Client::open(&host.gateway, &[("authorization", &authorization)]).await;
    assert!(opened.is_err_and(|refused| refused.status >= 500));
    refusal(&host, "ConnectRole", action, &host.gateway.tables.connections).await;
}

#[tokio::test]
async fn a_request_whose_function_may_not_write_is_unavailable() {
    if skipped("refused::a_request_whose_function_may_not_write_is_unavailable") {
        return;
    }
    let action = "dynamodb:UpdateItem";
    let (host, _folder) = host(&without("MessageRole", action, "Bookings"));
    let room = Room::single(&host.gateway).await;
    room.customer().await.refused("unavailable", room.one("book", 0)).await;
    refusal(&host, "MessageRole", action, &host.gateway.tables.bookings).await;
}

#[tokio::test]
async fn watchers_whom_push_may_not_read_are_missed_and_it_is_told_what_push_lacks() {
    if skipped("refused::watchers_whom_push_may_not_read_are_missed_and_it_is_told_what_push_lacks")
    {
        return;
    }
    let action = "dynamodb:Query";
    let (host, _folder) = host(&without("PushRole", action, "Connections"));
    let room = Room::single(&host.gateway).await;
    let _watcher = room.watcher().await;
    room.customer().await.ok(room.one("book", 0)).await;
    refusal(&host, "PushRole", action, &host.gateway.tables.connections).await;
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
