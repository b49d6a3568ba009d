//! The types of resources that mean nothing on one machine, each with the reason.

/// The type and why leaving it out changes nothing for those who use the system.
const LISTED: &[(&str, &str)] = &[
    ("AWS::ApiGatewayV2::Deployment", "a route is live from the start"),
    (
        "AWS::Athena::NamedQuery",
        "a query kept for the console; the files can be read with any tool",
    ),
    ("AWS::Athena::WorkGroup", "settings of the console; the files can be read with any tool"),
    ("AWS::CDK::Metadata", "tells AWS which constructs were used"),
    ("AWS::CloudWatch::Alarm", "nobody is on call for one machine"),
    ("AWS::CloudWatch::CompositeAlarm", "nobody is on call for one machine"),
    ("AWS::CloudWatch::Dashboard", "a page of the console"),
    ("AWS::Glue::Database", "says how Athena reads the files, which are there without it"),
    ("AWS::Glue::Table", "says how Athena reads the files, which are there without it"),
    ("AWS::KMS::Alias", "the files lie on the user's own disk"),
    ("AWS::KMS::Key", "the files lie on the user's own disk"),
    ("AWS::Logs::LogGroup", "logs go to the terminal"),
    ("AWS::S3::BucketPolicy", "the folder is the user's own"),
    ("AWS::SNS::Subscription", "alarms' only, and those are listed"),
    ("AWS::SNS::Topic", "alarms' only, and those are listed: it has no name to send to here"),
    ("AWS::SNS::TopicPolicy", "alarms' only, and those are listed"),
];

/// Whether resources of this type are left out on purpose.
pub(super) fn is_listed(kind: &str) -> bool {
    LISTED.iter().any(|(listed, _)| *listed == kind)
}
