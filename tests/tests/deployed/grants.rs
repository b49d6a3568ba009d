//! What each function may do, and a test of the suite that cannot pass without it.

use e2e::Value;

/// One grant, and who misses it.
pub struct Grant {
    pub role: &'static str,
    pub action: &'static str,
    /// A part of the name of what it is granted on.
    pub resource: &'static str,
    pub test: &'static str,
    /// Whether the test sends its requests over HTTP.
    pub over_http: bool,
}

const fn over_http(
    role: &'static str,
    action: &'static str,
    resource: &'static str,
    test: &'static str,
) -> Grant {
    Grant { over_http: true, ..grant(role, action, resource, test) }
}

const fn grant(
    role: &'static str,
    action: &'static str,
    resource: &'static str,
    test: &'static str,
) -> Grant {
    Grant { role, action, resource, test, over_http: false }
}

const CONNECTING: &str = "connecting::a_native_client_brings_its_token_in_a_header";
const CLOSING: &str = "connecting::a_closed_connection_leaves_nothing";
const REFRESHING: &str = "sessions::a_refresh_brings_a_later_end";
const UNSUBSCRIBING: &str = "topics::what_is_unsubscribed_is_pushed_no_more";
const BOOKING: &str = "bookings::a_cancelled_booking_gives_its_places_back";
const OWN_LIST: &str = "listing::a_customer_lists_their_own_bookings_in_pages";
const OPERATORS_LIST: &str = "listing::an_operator_lists_a_resources_bookings_between_two_instants";
const STALE: &str = "listing::a_pointer_that_leads_nowhere_is_taken_away";
const MOVED: &str = "grids::what_is_sold_off_the_grid_is_not_free";
const WINDOWS: &str = "topics::every_window_of_a_customer_sees_their_bookings_change";
const WATCHING: &str = "topics::a_watcher_sees_what_is_free_and_never_who_booked";
const GONE: &str = "gone::the_next_push_forgets_a_connection_that_is_gone";
const REVOKING: &str = "revocations::a_customers_connections_are_ended_and_their_tokens_refused";
const CLOSING_FROM_HTTP: &str =
    "over_http::a_revoked_token_is_refused_and_sockets_are_closed_from_here_too";
const EARLIER: &str = "over_http::a_connection_of_an_earlier_release_is_ended_from_here_too";
const GROWING: &str = "gone::a_topic_of_more_than_a_thousand_grows";

/// All grants that `MiniStack` asks for.
pub const GRANTS: &[Grant] = &[
    grant("ConnectRole", "dynamodb:PutItem", "Connections", CONNECTING),
    grant("ConnectRole", "dynamodb:GetItem", "Bookings", CONNECTING),
    grant("ConnectRole", "dynamodb:DeleteItem", "Connections", REVOKING),
    grant("DisconnectRole", "dynamodb:GetItem", "Connections", CLOSING),
    grant("DisconnectRole", "dynamodb:DeleteItem", "Connections", CLOSING),
    grant("HttpRole", "dynamodb:GetItem", "Connections", CLOSING_FROM_HTTP),
    grant("HttpRole", "dynamodb:PutItem", "Connections", EARLIER),
    grant("HttpRole", "dynamodb:DeleteItem", "Connections", CLOSING_FROM_HTTP),
    grant("HttpRole", "dynamodb:Query", "Connections", CLOSING_FROM_HTTP),
    grant("HttpRole", "execute-api:ManageConnections", "/DELETE/@connections", CLOSING_FROM_HTTP),
    over_http("HttpRole", "dynamodb:GetItem", "Bookings", BOOKING),
    over_http("HttpRole", "dynamodb:PutItem", "Bookings", BOOKING),
    over_http("HttpRole", "dynamodb:UpdateItem", "Bookings", BOOKING),
    over_http("HttpRole", "dynamodb:Query", "Bookings", OWN_LIST),
    over_http("HttpRole", "dynamodb:BatchGetItem", "Bookings", OPERATORS_LIST),
    over_http("HttpRole", "dynamodb:DeleteItem", "Bookings", STALE),
    grant("MessageRole", "dynamodb:GetItem", "Connections", REFRESHING),
    grant("MessageRole", "dynamodb:PutItem", "Connections", REFRESHING),
    grant("MessageRole", "dynamodb:DeleteItem", "Connections", UNSUBSCRIBING),
    grant("MessageRole", "dynamodb:Query", "Connections", REVOKING),
    grant("MessageRole", "execute-api:ManageConnections", "/DELETE/@connections", REVOKING),
    grant("MessageRole", "dynamodb:GetItem", "Bookings", BOOKING),
    grant("MessageRole", "dynamodb:PutItem", "Bookings", BOOKING),
    grant("MessageRole", "dynamodb:UpdateItem", "Bookings", BOOKING),
    grant("MessageRole", "dynamodb:Query", "Bookings", OWN_LIST),
    grant("MessageRole", "dynamodb:BatchGetItem", "Bookings", OPERATORS_LIST),
    grant("MessageRole", "dynamodb:DeleteItem", "Bookings", STALE),
    grant("PushRole", "dynamodb:Query", "Connections", WINDOWS),
    grant("PushRole", "execute-api:ManageConnections", "/POST/@connections", WINDOWS),
    grant("PushRole", "dynamodb:GetItem", "Bookings", WATCHING),
    grant("PushRole", "dynamodb:Query", "Bookings", MOVED),
    grant("PushRole", "dynamodb:GetItem", "Connections", GONE),
    grant("PushRole", "dynamodb:DeleteItem", "Connections", GONE),
    grant("PushRole", "dynamodb:UpdateItem", "Connections", GROWING),
];

/// The tests that miss a grant over this transport, each once: together they need all of them.
pub fn tests(over_http: bool) -> Vec<&'static str> {
    let there = GRANTS.iter().filter(|grant| grant.over_http == over_http);
    let mut tests: Vec<_> = there.map(|grant| grant.test).collect();
    tests.sort_unstable();
    tests.dedup();
    tests
}

/// Grants that `MiniStack` does not ask for: logs and traces, which it keeps itself, and what
/// AWS does with a function's role to feed it the stream. That they are there is held by the
/// tests in `infra/cdk`.
const NOT_ASKED_FOR: &[&str] = &[
    "logs:",
    "xray:",
    "sqs:",
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
];
/// `push` looks at a connection, and closes it, only where it cannot be reached; the local host has a test
/// of that.
const NOT_REACHED: [&str; 2] = ["/GET/@connections", "/DELETE/@connections"];

/// Roles of functions that hang off the bus: `MiniStack`'s pipe carries nothing there. The local host has tests of them.
const OFF_THE_BUS: [&str; 2] = ["ExpireRole", "FulfilRole"];

/// All grants of the functions in the template: the policy's name, the action, the resource.
fn of_the_template() -> Vec<[String; 3]> {
    let template = std::fs::read_to_string(crate::root().join("infra/cdk/template.json")).unwrap();
    let template: Value = template.parse().unwrap();
    let one_or_many = |value: &Value| value.as_array().cloned().unwrap_or(vec![value.clone()]);
    let mut grants = vec![];
    for (id, resource) in template["Resources"].as_object().unwrap() {
        if resource["Type"] != "AWS::IAM::Policy" || !id.starts_with("Functions") {
            continue;
        }
        for statement in one_or_many(&resource["Properties"]["PolicyDocument"]["Statement"]) {
            for action in one_or_many(&statement["Action"]) {
                for granted in one_or_many(&statement["Resource"]) {
                    let action = action.as_str().unwrap().to_owned();
                    grants.push([id.clone(), action, granted.to_string()]);
                }
            }
        }
    }
    grants
}

#[test]
fn every_grant_that_can_be_missed_is_missed_by_a_test() {
    let mut missing: Vec<_> = GRANTS.iter().collect();
    for [policy, action, resource] in of_the_template() {
        let elsewhere = NOT_ASKED_FOR.iter().any(|other| action.starts_with(other))
            || OFF_THE_BUS.iter().any(|role| policy.contains(role))
            || policy.contains("PushRole") && NOT_REACHED.iter().any(|it| resource.contains(it));
        let same = |grant: &&Grant| {
            policy.contains(grant.role)
                && action == grant.action
                && resource.contains(grant.resource)
                && resource.contains('/') == grant.resource.contains('/')
        };
        let found = missing.iter().position(same).map(|place| missing.remove(place));
        assert_ne!(found.is_some(), elsewhere, "{policy} {action} {resource}");
    }
    let missing: Vec<_> = missing.iter().map(|grant| (grant.role, grant.action)).collect();
    assert!(missing.is_empty(), "not in the template: {missing:?}");
}
