//! The types of resources that mean nothing on one machine, each with the reason.

/// The type and why leaving it out changes nothing for those who use the system.
const LISTED: &[(&str, &str)] = &[
    ("AWS::ApiGatewayV2::Deployment", "a route is live from the start"),
    ("AWS::CDK::Metadata", "tells AWS which constructs were used"),
    ("AWS::IAM::Policy", "nobody is refused on one machine"),
    ("AWS::IAM::Role", "nobody is refused on one machine"),
    ("AWS::Lambda::Permission", "nobody is refused on one machine"),
    ("AWS::Logs::LogGroup", "logs go to the terminal"),
    ("AWS::SQS::QueuePolicy", "nobody is refused on one machine"),
];

/// Whether resources of this type are left out on purpose.
pub(super) fn is_listed(kind: &str) -> bool {
    LISTED.iter().any(|(listed, _)| *listed == kind)
}
