//! `ifVersion` on `resource.put`: who has seen which version replaces it.

use crate::stage::Stage;
use e2e::{Client, Gateway, Room, Value, json, unique};

/// Whoever edits what another has written since is told so; so is whoever makes what is there already.
#[tokio::test]
async fn a_resource_is_replaced_at_the_version_that_was_seen() {
    let stage = Stage::set(&[]);
    let gateway = &stage.gateway;
    let mut room = Room::single(gateway).await;
    let put = |id: &str, name: &str, version: Value| {
        let resource = Room::definition(id, &json!({"name": name}));
        json!({"action": "resource.put", "resource": resource, "ifVersion": version})
    };
    let replaced = room.operator.ok(put(&room.id, "Second", json!(1))).await;
    assert_eq!((&replaced["version"], &replaced["name"]), (&json!(2), &json!("Second")));
    let none = unique("none");
    for (id, version) in
        [(&room.id, 0_u64), (&room.id, 1), (&room.id, 3), (&none, 1), (&none, u64::MAX)]
    {
        let put = put(id, "Third", json!(version));
        let field = Some("/ifVersion");
        let error = stage.refuses(&mut room.operator, &put, "version_conflict", field).await;
        assert_eq!(error.get("current"), None, "{error}");
    }
    assert_eq!(room.operator.ok(put(&none, "First", json!(0))).await["version"], 1);
    // Without it, and with nothing in it, whatever is there is replaced.
    for put in [put(&none, "Second", Value::Null), put(&none, "Third", json!(2))] {
        room.operator.ok(put).await;
    }
    // What may not be replaced at all is refused as ever.
    let mut customer = room.customer().await;
    stage.refuses(&mut customer, &put(&room.id, "Mine", json!(1)), "forbidden", None).await;
}

/// Of all who have seen the same version, one replaces it.
#[tokio::test]
async fn of_many_who_have_seen_one_version_one_replaces_it() {
    let room = Room::single(Gateway::shared()).await;
    let mut operators = vec![];
    for _ in 0..8 {
        let token = Gateway::shared().operator_token(&unique("operator")).await;
        operators.push(Client::connect(Gateway::shared(), &token).await);
    }
    for version in 1..4 {
        let answers = operators.iter_mut().enumerate().map(async |(number, operator)| {
            let fields = json!({"name": format!("Room of {number}")});
            let resource = Room::definition(&room.id, &fields);
            let put = json!({"action": "resource.put", "resource": resource, "ifVersion": version});
            let frame = operator.insist(&put).await;
            match frame["error"]["code"].as_str() {
                None => {
                    assert_eq!(frame["result"]["version"], version + 1, "{frame}");
                    true
                }
                Some(code) => {
                    assert_eq!(code, "version_conflict", "{frame}");
                    false
                }
            }
        });
        let answers: Vec<bool> = futures::future::join_all(answers).await;
        assert_eq!(answers.iter().filter(|won| **won).count(), 1, "{answers:?}");
    }
}
