//! The synthesized template.

use host::template::Plan;
use serde_json::Value;

/// The stack as `cdk synth` left it beside the stack's source.
pub const TEMPLATE: &str = include_str!("../../../infra/cdk/template.json");

/// The stack with some token issuer.
pub fn plan() -> Plan {
    let parameters = ["TokenIssuer", "TokenAudience"].map(|it| (it.to_owned(), "x".to_owned()));
    Plan::read(TEMPLATE, &parameters.into()).unwrap()
}

/// The template without what hangs off its bus, for whoever adds rules and mappings of their own.
pub fn without_consumers() -> Value {
    let mut template: Value = serde_json::from_str(TEMPLATE).unwrap();
    let resources = template["Resources"].as_object_mut().unwrap();
    let of_type = |it: &Value, kind: &str| it["Type"] == kind;
    let rules: Vec<String> = resources
        .iter()
        .filter(|(_, it)| of_type(it, "AWS::Events::Rule"))
        .map(|(id, _)| id.clone())
        .collect();
    resources.retain(|id, it| {
        let of_queue = of_type(it, "AWS::Lambda::EventSourceMapping")
            && it["Properties"].get("StartingPosition").is_none();
        let text = it.to_string();
        let for_rule = of_type(it, "AWS::SQS::QueuePolicy")
            && rules.iter().any(|rule| text.contains(rule.as_str()));
        !(rules.contains(id) || of_queue || for_rule)
    });
    template
}
