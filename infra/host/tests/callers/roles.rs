//! What the policies of a role let it do.

use crate::world::{World, add, local};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, KeysAndAttributes, Put, TransactWriteItem,
};
use host::template::Effect;
use serde_json::{Value, json};

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

/// The message of a refusal.
fn denied<E: ProvideErrorMetadata + std::fmt::Debug, T: std::fmt::Debug>(
    outcome: Result<T, SdkError<E>>,
) -> String {
    let error = outcome.unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"), "{error:?}");
    error.message().unwrap().to_owned()
}

async fn query(client: &Client, table: &str, index: Option<&str>) -> Result<(), String> {
    let query = client.query().table_name(table).set_index_name(index.map(str::to_owned));
    let query = query.key_condition_expression("PK = :x");
    let outcome = query.expression_attribute_values(":x", text("x")).send().await;
    match outcome {
        Err(error) if error.code() == Some("AccessDeniedException") => {
            Err(error.message().unwrap().to_owned())
        }
        // There may be no such index: that is for the database to say.
        _ => Ok(()),
    }
}

#[tokio::test]
async fn what_no_policy_allows_is_refused_as_aws_does_and_told() {
    let world = World::start().await;
    let table = world.table("Bookings");
    let client = world.dynamodb(world.keys_of("connect"));
    let refused = query(&client, &table, None).await.unwrap_err();
    let (role, resource) = (
        world.plan.roles[&world.role_of("connect")].name.clone(),
        format!("arn:aws:dynamodb:us-east-1:000000000000:table/{table}"),
    );
    let function = world.plan.functions.values().find(|it| it.handler == "connect").unwrap();
    assert_eq!(
        refused,
        format!(
            "User: arn:aws:sts::000000000000:assumed-role/{role}/{} is not authorized to perform: \
             dynamodb:Query on resource: {resource} because no identity-based policy allows the \
             dynamodb:Query action",
            function.name
        )
    );
    let _ = query(&client, &table, None).await;
    let told = &world.iam.status()["roles"][world.role_of("connect")]["refused"];
    let expected = json!([{"action": "dynamodb:Query", "resource": resource, "times": 2}]);
    assert_eq!(*told, expected);
}

#[tokio::test]
async fn an_index_is_a_resource_of_its_own() {
    let world = World::changed(|plan| {
        add(plan, "connect", Effect::Allow, "dynamodb:Query", "*:table/*/index/by?");
    })
    .await;
    let table = world.table("Bookings");
    let client = world.dynamodb(world.keys_of("connect"));
    assert_eq!(query(&client, &table, Some("byA")).await, Ok(()));
    assert!(query(&client, &table, Some("byABC")).await.unwrap_err().contains("/index/byABC"));
    assert!(query(&client, &table, None).await.is_err());
}

#[tokio::test]
async fn a_denial_wins() {
    let world = World::changed(|plan| {
        add(plan, "connect", Effect::Allow, "DynamoDB:*", "*");
        add(plan, "connect", Effect::Deny, "dynamodb:Q*", "*:table/Bookings*");
    })
    .await;
    let client = world.dynamodb(world.keys_of("connect"));
    let refused = query(&client, &world.table("Bookings"), None).await.unwrap_err();
    assert!(refused.ends_with("with an explicit deny in an identity-based policy"), "{refused}");
    assert_eq!(query(&client, &world.table("Connections"), None).await, Ok(()));
}

#[tokio::test]
async fn a_transaction_needs_what_each_of_its_parts_needs() {
    let world = World::changed(|plan| {
        let table = plan.tables.iter().find(|(id, _)| id.starts_with("Bookings")).unwrap();
        let arn = format!("arn:aws:dynamodb:us-east-1:000000000000:table/{}", table.1.name);
        add(plan, "connect", Effect::Allow, "dynamodb:PutItem", &arn);
    })
    .await;
    let client = world.dynamodb(world.keys_of("connect"));
    let table = world.table("Bookings");
    let put = Put::builder().table_name(&table).item("PK", text("a")).item("SK", text("a"));
    let put = TransactWriteItem::builder().put(put.build().unwrap()).build();
    let check = ConditionCheck::builder()
        .table_name(&table)
        .key("PK", text("b"))
        .key("SK", text("b"))
        .condition_expression("attribute_not_exists(PK)");
    let check = TransactWriteItem::builder().condition_check(check.build().unwrap()).build();
    let both = client.transact_write_items().transact_items(put.clone()).transact_items(check);
    assert!(denied(both.send().await).contains("dynamodb:ConditionCheckItem"));
    let key = |client: &Client| {
        client.get_item().table_name(&table).key("PK", text("a")).key("SK", text("a"))
    };
    let developer = world.dynamodb(local());
    assert_eq!(key(&developer).send().await.unwrap().item, None);
    client.transact_write_items().transact_items(put).send().await.unwrap();
    assert!(key(&developer).send().await.unwrap().item.is_some());
}

#[tokio::test]
async fn a_batch_needs_its_grant_on_each_table() {
    let world = World::start().await;
    let keys = |name: &str| {
        let key = [("PK".to_owned(), text(name)), ("SK".to_owned(), text(name))].into();
        KeysAndAttributes::builder().keys(key).build().unwrap()
    };
    let client = world.dynamodb(world.keys_of("message"));
    let (bookings, connections) = (world.table("Bookings"), world.table("Connections"));
    client.batch_get_item().request_items(&bookings, keys("a")).send().await.unwrap();
    let both = client
        .batch_get_item()
        .request_items(&bookings, keys("a"))
        .request_items(&connections, keys("a"));
    let refused = denied(both.send().await);
    assert!(refused.contains(&format!("dynamodb:BatchGetItem on resource: arn:aws:dynamodb:us-east-1:000000000000:table/{connections}")), "{refused}");
}

#[tokio::test]
async fn every_use_of_a_grant_is_counted_and_its_first_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report");
    let world = World::start().await;
    let iam = host::iam::Iam::new(&world.plan.functions, &world.plan.roles, Some(&report));
    let iam = iam.unwrap();
    for _ in 0..2 {
        iam.check_mappings(&world.plan).unwrap();
    }
    let role = world.role_of("push");
    let status = iam.status();
    let grants = status["roles"][&role]["grants"].as_array().unwrap();
    let of = |action: &str| grants.iter().find(|it| it["action"] == action).unwrap();
    assert_eq!(of("dynamodb:GetRecords")["used"], 2);
    assert_eq!(of("logs:PutLogEvents")["used"], 0);
    let lines = std::fs::read_to_string(&report).unwrap();
    let lines: Vec<Value> = lines.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let is_it = |it: &&Value| it["role"] == *role && it["action"] == "dynamodb:GetRecords";
    let reported = lines.iter().filter(is_it);
    let resource = &of("dynamodb:GetRecords")["resource"];
    let expected = json!({
        "role": role, "action": "dynamodb:GetRecords", "resource": resource, "outcome": "used",
    });
    assert_eq!(reported.collect::<Vec<_>>(), [&expected]);
}

#[tokio::test]
async fn a_mapping_needs_its_functions_role_to_read_the_stream() {
    let world = World::start().await;
    for (action, found) in [
        ("dynamodb:GetRecords", "dynamodb:GetRecords"),
        ("dynamodb:ListStreams", "dynamodb:ListStreams"),
        ("sqs:SendMessage", ":PushFailures"),
    ] {
        let mut plan = world.plan.clone();
        let role = world.role_of("push");
        plan.roles.get_mut(&role).unwrap().grants.retain(|grant| grant.action != action);
        let iam = host::iam::Iam::new(&plan.functions, &plan.roles, None).unwrap();
        let message = iam.check_mappings(&plan).unwrap_err().to_string();
        assert!(message.contains(&role) && message.contains(found), "{message}");
    }
}
