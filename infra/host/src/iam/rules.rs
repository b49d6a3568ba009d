//! Whether rules are let in where they deliver: to a queue or a function a rule comes without a role, so that
//! its policy has to let it in.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html>

use super::{Iam, IamError, fits, fits_action};
use crate::template::{Outlet, Plan, Rule, ServiceGrant, queue_arn};

const SERVICE: &str = "events.amazonaws.com";
const SEND: &str = "sqs:SendMessage";
const INVOKE: &str = "lambda:InvokeFunction";

impl Iam {
    /// Whether every rule may deliver to its targets and to their dead-letter queues.
    pub fn check_rules(plan: &Plan) -> Result<(), IamError> {
        for (id, rule) in &plan.events.rules {
            for target in &rule.targets {
                check(plan, id, rule, &target.to)?;
                if let Some(queue) = &target.dead_letters {
                    check(plan, id, rule, &Outlet::Queue(queue.clone()))?;
                }
            }
        }
        Ok(())
    }
}

fn check(plan: &Plan, id: &str, rule: &Rule, to: &Outlet) -> Result<(), IamError> {
    let (target, action, arn) = match to {
        Outlet::Queue(queue) => {
            let name = plan.queues.get(queue).map_or("", |queue| queue.name.as_str());
            (queue, SEND, queue_arn(name))
        }
        Outlet::Function(function) => {
            let arn = plan.functions.get(function).map(|it| it.arn.clone());
            (function, INVOKE, arn.unwrap_or_default())
        }
        // It takes a role, which is looked at where roles are.
        Outlet::Stream { .. } => return Ok(()),
    };
    let lets_in = |grant: &ServiceGrant| {
        let sources = grant.sources.as_ref();
        grant.service == SERVICE
            && fits_action(&grant.action, action)
            && fits(&grant.resource, &arn)
            && sources.is_none_or(|sources| sources.iter().any(|source| fits(source, &rule.arn)))
    };
    if plan.events.service_grants.iter().any(lets_in) {
        return Ok(());
    }
    Err(IamError::Target {
        rule: id.to_owned(),
        target: target.clone(),
        service: SERVICE,
        action,
        source_arn: rule.arn.clone(),
    })
}
