//! Grants that only AWS itself uses, on behalf of a role, so that no test here can.

/// The beginning of the role's logical id, the action, and who uses it.
const LIST: &[(&str, &str, &str)] = &[
    ("", "logs:CreateLogStream", "Lambda writes the functions' logs"),
    ("", "logs:PutLogEvents", "Lambda writes the functions' logs"),
    ("", "xray:PutTelemetryRecords", "Lambda sends traces"),
    ("", "xray:PutTraceSegments", "Lambda sends traces"),
    ("", "sqs:GetQueueAttributes", "CDK grants it with sqs:SendMessage"),
    ("", "sqs:ChangeMessageVisibility", "CDK grants it with sqs:ReceiveMessage"),
    ("", "sqs:GetQueueUrl", "CDK grants it with sqs:SendMessage"),
];

/// Whether it is on the list.
pub fn uses(role: &str, action: &str) -> bool {
    LIST.iter().any(|(prefix, listed, _)| role.starts_with(prefix) && *listed == action)
}

/// What is on the list and not in the template: the list has to go along.
pub fn superfluous(grants: &[(String, String)]) -> Vec<&'static str> {
    LIST.iter()
        .filter(|(prefix, listed, _)| {
            !grants.iter().any(|(role, action)| role.starts_with(prefix) && action == listed)
        })
        .map(|(_, listed, _)| *listed)
        .collect()
}
