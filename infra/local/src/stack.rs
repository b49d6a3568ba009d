//! The booking stack: its template, and what only this program knows of it.

use host::home::Entrance;
use host::host::Stack;
use host::issuer::Issuer;
use std::collections::BTreeMap;

/// The stack as `cdk synth` left it beside the stack's source.
pub const STACK: Stack =
    Stack { template: include_str!("../../cdk/template.json"), parameters, help };

fn parameters(issuer: &Issuer) -> BTreeMap<String, String> {
    [
        ("TokenIssuer", issuer.issuer()),
        ("TokenAudience", issuer.audience()),
        ("OperatorClaim", "role"),
        ("OperatorValue", "operator"),
        ("VenueClaim", "venue"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Where servers ask.
const HTTP: &str = "/v1";
const PING: &str = r#"{"action":"ping","id":1}"#;
const PUT: &str = concat!(
    r#"{"action":"resource.put","id":2,"resource":{"id":"room-1","name":"Room 1","#,
    r#""timeZone":"Europe/Berlin","slotMinutes":60,"opening":{"mon":["09:00-17:00"]}}}"#
);

fn help(entrance: &Entrance) -> String {
    let (customer, operator) = ("sub=alice", "sub=olga&role=operator");
    let server = entrance.curl(HTTP, operator);
    let [customer, operator] = [customer, operator].map(|query| entrance.wscat(query));
    format!(
        "Connect as a customer:\n  {customer}\nor as an operator:\n  {operator}\n\n\
         Then type, for a start:\n  {PING}\nand, as the operator:\n  {PUT}\n\n\
         Or ask as a server, over HTTP:\n  {server} -d '{PING}'\n"
    )
}
