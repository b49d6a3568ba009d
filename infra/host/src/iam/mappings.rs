//! What the host does itself, where on AWS the service acts with the role of a function or pipe: it reads
//! streams and queues, puts events on buses, and tells destinations.

use super::{Access, Iam, IamError};
use crate::template::{Destination, Outlet, Plan, StreamReader, queue_arn};

/// Without one of these AWS makes no mapping: "Please ensure the role can perform the `GetRecords`,
/// `GetShardIterator`, `DescribeStream`, and `ListStreams` Actions on your stream in IAM"
/// (<https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html>).
const STREAM: [&str; 4] = [
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:DescribeStream",
    "dynamodb:ListStreams",
];

/// Without one of these AWS makes no mapping either:
/// <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions>
const QUEUE: [&str; 3] = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"];

/// With which a rule writes to a delivery stream:
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html>
const FIREHOSE: [&str; 2] = ["firehose:PutRecord", "firehose:PutRecordBatch"];

const MAPPING: &str = "AWS::Lambda::EventSourceMapping";

impl Iam {
    /// Whether the roles of functions and pipes allow all that is done on their behalf.
    pub fn check_mappings(&self, plan: &Plan) -> Result<(), IamError> {
        for (id, mapping) in &plan.stream_mappings {
            let Some(function) = plan.functions.get(&mapping.function) else { continue };
            let needed = to_read(plan, &mapping.reader);
            self.check_role(id, MAPPING, &function.role, &needed)?;
        }
        for (id, mapping) in &plan.queue_mappings {
            let Some(function) = plan.functions.get(&mapping.function) else { continue };
            let Some(queue) = plan.queues.get(&mapping.queue) else { continue };
            let needed = QUEUE.map(|action| Access::new(action, queue_arn(&queue.name)));
            self.check_role(id, MAPPING, &function.role, &needed)?;
        }
        for (id, pipe) in &plan.events.pipes {
            let mut needed = to_read(plan, &pipe.reader);
            let bus = plan.events.buses.get(&pipe.bus);
            needed.extend(bus.map(|bus| Access::new("events:PutEvents", &*bus.arn)));
            self.check_role(id, "AWS::Pipes::Pipe", &pipe.role, &needed)?;
        }
        for (id, stream) in &plan.events.delivery_streams {
            let bucket = plan.events.buckets.get(&stream.bucket);
            let file = |arn: &str| Access {
                granted_as: format!("{arn}/*"),
                ..Access::new("s3:PutObject", format!("{arn}/x"))
            };
            let needed: Vec<_> = bucket.map(|bucket| file(&bucket.arn)).into_iter().collect();
            self.check_role(id, "AWS::KinesisFirehose::DeliveryStream", &stream.role, &needed)?;
        }
        for (id, rule) in &plan.events.rules {
            for target in &rule.targets {
                let Outlet::Stream { id: stream, role } = &target.to else { continue };
                let Some(stream) = plan.events.delivery_streams.get(stream) else { continue };
                let needed = FIREHOSE.map(|action| Access::new(action, &*stream.arn));
                self.check_role(id, "AWS::Events::Rule", role, &needed)?;
            }
        }
        for (id, invocation) in &plan.events.invocations {
            let Some(function) = plan.functions.get(id) else { continue };
            let told = [&invocation.on_success, &invocation.on_failure].into_iter().flatten();
            let needed: Vec<_> = told.filter_map(|told| to_tell(plan, told)).collect();
            self.check_role(id, "AWS::Lambda::Function", &function.role, &needed)?;
        }
        Ok(())
    }

    fn check_role(
        &self,
        id: &str,
        kind: &'static str,
        role: &str,
        needed: &[Access],
    ) -> Result<(), IamError> {
        for access in needed {
            let judge = self.0.judges.get(role);
            if judge.is_none_or(|judge| judge.check(access).is_err()) {
                return Err(IamError::Role {
                    resource: id.to_owned(),
                    kind,
                    role: role.to_owned(),
                    statement: access.statement(),
                });
            }
        }
        Ok(())
    }
}

/// What reading a stream takes, and telling of what was given up. A pipe needs the same as a mapping:
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-pipes-dynamodb.html>
fn to_read(plan: &Plan, reader: &StreamReader) -> Vec<Access> {
    let mut needed: Vec<_> =
        STREAM.iter().map(|action| Access::new(*action, &*reader.stream_arn)).collect();
    if let Some(queue) = reader.on_failure.as_ref().and_then(|it| plan.queues.get(it)) {
        needed.push(Access::new("sqs:SendMessage", queue_arn(&queue.name)));
    }
    needed
}

/// What telling a destination takes:
/// <https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html#invocation-async-destinations-permissions>
fn to_tell(plan: &Plan, destination: &Destination) -> Option<Access> {
    Some(match destination {
        Destination::Queue(id) => {
            Access::new("sqs:SendMessage", queue_arn(&plan.queues.get(id)?.name))
        }
        Destination::Function(id) => {
            Access::new("lambda:InvokeFunction", &*plan.functions.get(id)?.arn)
        }
        Destination::Bus(id) => Access::new("events:PutEvents", &*plan.events.buses.get(id)?.arn),
    })
}
