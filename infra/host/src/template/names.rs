//! What `Ref` and `Fn::GetAtt` give for each type of resource.

use super::arn::{self, REGION, URL_SUFFIX};
use super::document::Resource;

/// The property in which the template may name a resource. Without it the name is the logical id,
/// which is what `CloudFormation` builds a name of.
pub(super) fn property(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable" => "TableName",
        "AWS::Lambda::Function" => "FunctionName",
        "AWS::SQS::Queue" => "QueueName",
        "AWS::Events::EventBus" | "AWS::Events::Rule" | "AWS::Pipes::Pipe" => "Name",
        "AWS::Events::Archive" => "ArchiveName",
        "AWS::KinesisFirehose::DeliveryStream" => "DeliveryStreamName",
        "AWS::S3::Bucket" => "BucketName",
        "AWS::ApiGatewayV2::Stage" => "StageName",
        "AWS::IAM::Role" => "RoleName",
        "AWS::Logs::LogGroup" => "LogGroupName",
        _ => return None,
    })
}

/// The result of `Ref`; `None` for types whose resources have no name here.
pub(super) fn reference(id: &str, kind: &str, name: &str) -> Option<String> {
    Some(match kind {
        "AWS::DynamoDB::Table"
        | "AWS::DynamoDB::GlobalTable"
        | "AWS::Lambda::Function"
        | "AWS::Events::EventBus"
        | "AWS::Events::Archive"
        | "AWS::KinesisFirehose::DeliveryStream"
        | "AWS::S3::Bucket"
        | "AWS::Pipes::Pipe"
        | "AWS::IAM::Role"
        | "AWS::ApiGatewayV2::Stage" => name.to_owned(),
        "AWS::SQS::Queue" => arn::queue_url(name),
        "AWS::Events::Rule" => name.replacen('/', "|", 1),
        "AWS::ApiGatewayV2::Api" => arn::api_id(id),
        "AWS::ApiGatewayV2::Authorizer"
        | "AWS::ApiGatewayV2::Integration"
        | "AWS::ApiGatewayV2::Route" => id.to_owned(),
        _ => return None,
    })
}

/// The result of `Fn::GetAtt`; `None` for an attribute that no resource of this host has.
pub(super) fn attribute(
    id: &str,
    resource: &Resource,
    name: &str,
    attribute: &str,
) -> Option<String> {
    Some(match (resource.kind.as_str(), attribute) {
        ("AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable", "Arn") => arn::table(name),
        ("AWS::DynamoDB::Table" | "AWS::DynamoDB::GlobalTable", "StreamArn") => arn::stream(name),
        ("AWS::Lambda::Function", "Arn") => arn::function(name),
        ("AWS::SQS::Queue", "Arn") => arn::queue(name),
        ("AWS::SQS::Queue", "QueueName") | ("AWS::Events::EventBus", "Name") => name.to_owned(),
        ("AWS::Events::EventBus", "Arn") => arn::event_bus(name),
        ("AWS::Events::Rule", "Arn") => arn::rule(name),
        ("AWS::Events::Archive", "Arn") => arn::archive(name),
        ("AWS::Pipes::Pipe", "Arn") => arn::pipe(name),
        ("AWS::KinesisFirehose::DeliveryStream", "Arn") => arn::delivery_stream(name),
        ("AWS::S3::Bucket", "Arn") => arn::bucket(name),
        ("AWS::IAM::Role", "Arn") => arn::role(name),
        ("AWS::Logs::LogGroup", "Arn") => arn::log_group(name),
        ("AWS::KMS::Key", "Arn") => arn::key(id),
        ("AWS::ApiGatewayV2::Api", "ApiId") => arn::api_id(id),
        ("AWS::ApiGatewayV2::Api", "ApiEndpoint") => {
            let scheme = match resource.properties["ProtocolType"].as_str() {
                Some("HTTP") => "https",
                _ => "wss",
            };
            format!("{scheme}://{}.execute-api.{REGION}.{URL_SUFFIX}", arn::api_id(id))
        }
        ("AWS::ApiGatewayV2::Authorizer", "AuthorizerId") => id.to_owned(),
        _ => return None,
    })
}
