//! What the host does itself, where on AWS the service acts with the function's role: it reads
//! streams and queues, and tells on-failure destinations.

use super::{Access, Iam, IamError};
use crate::template::{Plan, queue_arn};

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

impl Iam {
    /// Whether the functions' roles allow all that their mappings do.
    pub fn check_mappings(&self, plan: &Plan) -> Result<(), IamError> {
        for (id, mapping) in &plan.stream_mappings {
            let Some(function) = plan.functions.get(&mapping.function) else { continue };
            let mut needed: Vec<_> =
                STREAM.iter().map(|action| Access::new(*action, &*mapping.stream_arn)).collect();
            if let Some(queue) = mapping.on_failure.as_ref().and_then(|it| plan.queues.get(it)) {
                needed.push(Access::new("sqs:SendMessage", queue_arn(&queue.name)));
            }
            self.check_mapping(id, &function.role, &needed)?;
        }
        for (id, mapping) in &plan.queue_mappings {
            let Some(function) = plan.functions.get(&mapping.function) else { continue };
            let Some(queue) = plan.queues.get(&mapping.queue) else { continue };
            let needed = QUEUE.map(|action| Access::new(action, queue_arn(&queue.name)));
            self.check_mapping(id, &function.role, &needed)?;
        }
        Ok(())
    }

    fn check_mapping(&self, id: &str, role: &str, needed: &[Access]) -> Result<(), IamError> {
        for access in needed {
            let judge = self.0.judges.get(role);
            if judge.is_none_or(|judge| judge.check(access).is_err()) {
                return Err(IamError::Mapping {
                    mapping: id.to_owned(),
                    role: role.to_owned(),
                    statement: access.statement(),
                });
            }
        }
        Ok(())
    }
}
