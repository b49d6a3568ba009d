//! Which grants an operation needs.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html>

use crate::iam::Access;
use crate::template::{stream_arn, table_arn};
use dynoxide::actions::get_shard_iterator::decode_shard_iterator;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};

/// The part of a request that says what it is about.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct About<'a> {
    table_name: Option<String>,
    index_name: Option<String>,
    resource_arn: Option<String>,
    stream_arn: Option<String>,
    shard_iterator: Option<String>,
    /// A batch's, by table.
    #[serde(borrow)]
    request_items: Option<BTreeMap<String, &'a RawValue>>,
    transact_items: Option<Vec<BTreeMap<String, Part>>>,
}

/// One part of a transaction.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Part {
    table_name: String,
}

/// All that the caller has to be allowed for this request.
pub(super) fn needs(operation: &str, body: &str) -> Result<BTreeSet<Access>, serde_json::Error> {
    let about: About<'_> = serde_json::from_str(body)?;
    let action = format!("dynamodb:{operation}");
    let one = |resource: String| BTreeSet::from([Access::new(action.clone(), resource)]);
    Ok(match operation {
        // A transaction needs what its parts would need on their own:
        // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
        "TransactGetItems" | "TransactWriteItems" => {
            let parts = about.transact_items.iter().flatten().flatten();
            let access = |(kind, part): (&String, &Part)| {
                Access::new(format!("dynamodb:{kind}Item"), table(&part.table_name))
            };
            parts.map(access).collect()
        }
        "BatchGetItem" | "BatchWriteItem" => {
            let tables = about.request_items.iter().flat_map(BTreeMap::keys);
            tables.map(|name| Access::new(action.clone(), table(name))).collect()
        }
        "ListTables" | "ListStreams" => one("*".to_owned()),
        "TagResource" | "UntagResource" | "ListTagsOfResource" => {
            one(about.resource_arn.unwrap_or_default())
        }
        "DescribeStream" | "GetShardIterator" => one(about.stream_arn.unwrap_or_default()),
        "GetRecords" => {
            let read = decode_shard_iterator(&about.shard_iterator.unwrap_or_default());
            one(read.map(|(name, ..)| stream_arn(&name)).unwrap_or_default())
        }
        _ => {
            let table = table(&about.table_name.unwrap_or_default());
            one(match about.index_name {
                Some(index) => format!("{table}/index/{index}"),
                None => table,
            })
        }
    })
}

/// The ARN of a table that a request names by its name or by its ARN.
fn table(name: &str) -> String {
    if name.starts_with("arn:") { name.to_owned() } else { table_arn(name) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn needed(operation: &str, body: &Value) -> Vec<(String, String)> {
        let accesses = needs(operation, &body.to_string()).unwrap();
        accesses.into_iter().map(|it| (it.action, it.resource)).collect()
    }

    fn on(action: &str, resource: &str) -> (String, String) {
        let prefix = "arn:aws:dynamodb:us-east-1:000000000000:table/";
        (format!("dynamodb:{action}"), format!("{prefix}{resource}"))
    }

    #[test]
    fn of_one_table_or_index() {
        let get = needed("GetItem", &json!({"TableName": "A", "Key": {"PK": {"S": "x"}}}));
        assert_eq!(get, [on("GetItem", "A")]);
        let query = json!({"TableName": "A", "IndexName": "byB"});
        assert_eq!(needed("Query", &query), [on("Query", "A/index/byB")]);
        assert_eq!(needed("Scan", &query), [on("Scan", "A/index/byB")]);
        let arn = on("", "A").1;
        assert_eq!(needed("PutItem", &json!({"TableName": arn})), [on("PutItem", "A")]);
        assert_eq!(needed("DescribeTable", &json!({})), [on("DescribeTable", "")]);
        assert_eq!(
            needed("ListTables", &json!({})),
            [("dynamodb:ListTables".to_owned(), "*".to_owned())]
        );
    }

    #[test]
    fn of_batches_each_table() {
        let batch = json!({"RequestItems": {"B": {"Keys": []}, "A": {"Keys": []}}});
        let expected = [on("BatchGetItem", "A"), on("BatchGetItem", "B")];
        assert_eq!(needed("BatchGetItem", &batch), expected);
        let expected = [on("BatchWriteItem", "A"), on("BatchWriteItem", "B")];
        assert_eq!(needed("BatchWriteItem", &batch), expected);
    }

    #[test]
    fn of_transactions_what_their_parts_would_need() {
        let write = json!({"TransactItems": [
            {"Put": {"TableName": "A", "Item": {}}},
            {"Put": {"TableName": "A", "Item": {}}},
            {"Update": {"TableName": "B"}},
            {"Delete": {"TableName": "B"}},
            {"ConditionCheck": {"TableName": "A"}},
        ]});
        let expected = [
            on("ConditionCheckItem", "A"),
            on("DeleteItem", "B"),
            on("PutItem", "A"),
            on("UpdateItem", "B"),
        ];
        assert_eq!(needed("TransactWriteItems", &write), expected);
        let get = json!({"TransactItems": [{"Get": {"TableName": "A"}}]});
        assert_eq!(needed("TransactGetItems", &get), [on("GetItem", "A")]);
    }

    #[test]
    fn a_transaction_that_cannot_be_read_is_not_carried_out() {
        for parts in [json!([{"Put": {}}]), json!([{"Put": "A"}]), json!(7)] {
            let body = json!({"TransactItems": parts}).to_string();
            assert!(needs("TransactWriteItems", &body).is_err(), "{body}");
        }
    }
}
