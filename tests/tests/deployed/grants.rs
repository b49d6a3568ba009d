//! What each function may do, and a test of the suite that cannot pass without it.

/// One grant, and who misses it.
pub struct Grant {
    pub role: &'static str,
    pub action: &'static str,
    /// A part of the name of what it is granted on.
    pub resource: &'static str,
    pub test: &'static str,
}

const fn grant(
    role: &'static str,
    action: &'static str,
    resource: &'static str,
    test: &'static str,
) -> Grant {
    Grant { role, action, resource, test }
}

const CONNECTING: &str = "connecting::a_native_client_brings_its_token_in_a_header";
const CLOSING: &str = "connecting::a_closed_connection_leaves_nothing";
const REFRESHING: &str = "sessions::a_refresh_brings_a_later_end";
const UNSUBSCRIBING: &str = "topics::what_is_unsubscribed_is_pushed_no_more";
const BOOKING: &str = "bookings::a_cancelled_booking_gives_its_places_back";
const OWN_LIST: &str = "listing::a_customer_lists_their_own_bookings_in_pages";
const OPERATORS_LIST: &str = "listing::an_operator_lists_a_resources_bookings_between_two_instants";
const APPROVING: &str = "bookings::a_booking_is_confirmed_at_once_or_waits_for_an_operator";
const WINDOWS: &str = "topics::every_window_of_a_customer_sees_their_bookings_change";
const WATCHING: &str = "topics::a_watcher_sees_what_is_free_and_never_who_booked";
const GONE: &str = "gone::the_next_push_forgets_a_connection_that_is_gone";
const GROWING: &str = "gone::a_topic_of_more_than_a_thousand_grows";

/// All grants that `MiniStack` asks for.
pub const GRANTS: &[Grant] = &[
    grant("ConnectRole", "dynamodb:PutItem", "Connections", CONNECTING),
    grant("DisconnectRole", "dynamodb:GetItem", "Connections", CLOSING),
    grant("DisconnectRole", "dynamodb:DeleteItem", "Connections", CLOSING),
    grant("MessageRole", "dynamodb:GetItem", "Connections", REFRESHING),
    grant("MessageRole", "dynamodb:PutItem", "Connections", REFRESHING),
    grant("MessageRole", "dynamodb:UpdateItem", "Connections", REFRESHING),
    grant("MessageRole", "dynamodb:DeleteItem", "Connections", UNSUBSCRIBING),
    grant("MessageRole", "dynamodb:GetItem", "Bookings", BOOKING),
    grant("MessageRole", "dynamodb:PutItem", "Bookings", BOOKING),
    grant("MessageRole", "dynamodb:UpdateItem", "Bookings", BOOKING),
    grant("MessageRole", "dynamodb:Query", "Bookings", OWN_LIST),
    grant("MessageRole", "dynamodb:BatchGetItem", "Bookings", OPERATORS_LIST),
    grant("MessageRole", "dynamodb:Query", "/index/byResource", OPERATORS_LIST),
    grant("MessageRole", "dynamodb:Query", "/index/byBooking", APPROVING),
    grant("PushRole", "dynamodb:Query", "Connections", WINDOWS),
    grant("PushRole", "execute-api:ManageConnections", "/POST/@connections", WINDOWS),
    grant("PushRole", "dynamodb:GetItem", "Bookings", WATCHING),
    grant("PushRole", "dynamodb:GetItem", "Connections", GONE),
    grant("PushRole", "dynamodb:DeleteItem", "Connections", GONE),
    grant("PushRole", "dynamodb:UpdateItem", "Connections", GROWING),
];

/// The tests that miss a grant, each once: together they need all of them.
pub fn tests() -> Vec<&'static str> {
    let mut tests: Vec<_> = GRANTS.iter().map(|grant| grant.test).collect();
    tests.sort_unstable();
    tests.dedup();
    tests
}
