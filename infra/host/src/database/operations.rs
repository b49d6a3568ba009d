//! DynamoDB's operations: a request in JSON, carried out by the library, an answer in JSON.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// An operation's name, such as `GetItem`, and what carries it out.
pub(crate) type Operation = (&'static str, fn(&Database, &str) -> Result<String, DynoxideError>);

/// The names under which the two services, of tables and of streams, are asked.
const PREFIXES: [&str; 2] = ["DynamoDB_20120810.", "DynamoDBStreams_20120810."];

/// What this host answers.
///
/// `PartiQL` is not among them: it names its tables inside a statement, so that nobody could tell
/// what a request asks for before it is carried out.
const OPERATIONS: &[Operation] = &[
    ("BatchGetItem", |database, body| call(body, |it| database.batch_get_item(it))),
    ("BatchWriteItem", |database, body| call(body, |it| database.batch_write_item(it))),
    ("CreateTable", |database, body| call(body, |it| database.create_table(it))),
    ("DeleteItem", |database, body| call(body, |it| database.delete_item(it))),
    ("DeleteTable", |database, body| call(body, |it| database.delete_table(it))),
    ("DescribeStream", |database, body| call(body, |it| database.describe_stream(it))),
    ("DescribeTable", |database, body| call(body, |it| database.describe_table(it))),
    ("DescribeTimeToLive", |database, body| call(body, |it| database.describe_time_to_live(it))),
    ("GetItem", |database, body| call(body, |it| database.get_item(it))),
    ("GetRecords", |database, body| call(body, |it| database.get_records(it))),
    ("GetShardIterator", |database, body| call(body, |it| database.get_shard_iterator(it))),
    ("ListStreams", |database, body| call(body, |it| database.list_streams(it))),
    ("ListTables", |database, body| call(body, |it| database.list_tables(it))),
    ("ListTagsOfResource", |database, body| call(body, |it| database.list_tags_of_resource(it))),
    ("PutItem", |database, body| call(body, |it| database.put_item(it))),
    ("Query", |database, body| call(body, |it| database.query(it))),
    ("Scan", |database, body| call(body, |it| database.scan(it))),
    ("TagResource", |database, body| call(body, |it| database.tag_resource(it))),
    ("TransactGetItems", |database, body| call(body, |it| database.transact_get_items(it))),
    ("TransactWriteItems", |database, body| call(body, |it| database.transact_write_items(it))),
    ("UntagResource", |database, body| call(body, |it| database.untag_resource(it))),
    ("UpdateItem", |database, body| call(body, |it| database.update_item(it))),
    ("UpdateTable", |database, body| call(body, |it| database.update_table(it))),
    ("UpdateTimeToLive", |database, body| call(body, |it| database.update_time_to_live(it))),
];

/// The operation that a header `X-Amz-Target` names.
pub(crate) fn of_target(target: &str) -> Option<&'static Operation> {
    let wanted = PREFIXES.iter().find_map(|prefix| target.strip_prefix(prefix))?;
    OPERATIONS.iter().find(|(name, _)| *name == wanted)
}

fn call<Request: DeserializeOwned, Answer: Serialize>(
    body: &str,
    run: impl FnOnce(Request) -> Result<Answer, DynoxideError>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_str(body).map_err(|error| unreadable(&error.to_string()))?;
    let answer = run(request).map_err(|error| match error {
        // The library's own server tells these apart by the operation; to a client both are this.
        DynoxideError::EnvelopedValidation(message) => DynoxideError::ValidationException(message),
        other => other,
    })?;
    serde_json::to_string(&answer)
        .map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}

/// What DynamoDB calls a request that cannot be read. The library's readers begin a message with
/// the kind of error that it is; others are serde's own.
fn unreadable(message: &str) -> DynoxideError {
    let message = message.rfind(" at line ").map_or(message, |end| &message[..end]);
    match message.split_once(':') {
        Some((kind, rest)) if kind.starts_with("VALIDATION") => {
            DynoxideError::ValidationException(rest.to_owned())
        }
        Some((kind, rest)) if kind.starts_with("SERIALIZATION") => {
            DynoxideError::SerializationException(rest.to_owned())
        }
        _ if ["missing field", "unknown variant", "invalid type: null", "AttributeValue"]
            .iter()
            .any(|part| message.contains(part)) =>
        {
            DynoxideError::ValidationException(message.to_owned())
        }
        _ => DynoxideError::SerializationException(message.to_owned()),
    }
}
