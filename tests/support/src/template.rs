//! The synthesized template.

use host::template::Plan;

/// The stack as `cdk synth` left it beside the stack's source.
pub const TEMPLATE: &str = include_str!("../../../infra/cdk/template.json");

/// The stack with some token issuer.
pub fn plan() -> Plan {
    let parameters = ["TokenIssuer", "TokenAudience"].map(|it| (it.to_owned(), "x".to_owned()));
    Plan::read(TEMPLATE, &parameters.into()).unwrap()
}
