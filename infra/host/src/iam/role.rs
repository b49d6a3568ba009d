//! What a role's policies say about a call.

use super::Access;
use super::pattern::{fits, fits_action};
use super::report::{Outcome, Report};
use crate::template::{Effect, Grant, Role};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A role, and what was asked of it.
pub(super) struct Judge {
    /// The role's logical id.
    id: String,
    grants: Vec<(Grant, AtomicU64)>,
    refused: Mutex<BTreeMap<Access, u64>>,
    report: Option<Arc<Report>>,
}

/// Why a call is not allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No policy allows it.
    NotAllowed,
    /// The policy with this logical id denies it.
    Denied(String),
}

impl Refusal {
    pub(super) fn is_explicit(&self) -> bool {
        matches!(self, Self::Denied(_))
    }
}

impl Judge {
    pub(super) fn new(id: String, role: &Role, report: Option<Arc<Report>>) -> Self {
        let grants = role.grants.iter().map(|it| (it.clone(), AtomicU64::new(0))).collect();
        Self { id, grants, refused: Mutex::default(), report }
    }

    /// Decides about a call, and writes down what it used or lacked.
    pub(super) fn decide(&self, access: &Access) -> Result<(), Refusal> {
        self.check(access).map_err(|refusal| self.refuse(access, refusal))
    }

    /// As [`Self::decide`], but a refusal is the caller's to tell. What a policy denies is denied,
    /// whatever another one allows:
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>
    pub(super) fn check(&self, access: &Access) -> Result<(), Refusal> {
        let fitting = |effect| {
            self.grants.iter().find(|(grant, _)| {
                grant.effect == effect
                    && fits_action(&grant.action, &access.action)
                    && fits(&grant.resource, &access.resource)
            })
        };
        if let Some((grant, _)) = fitting(Effect::Deny) {
            return Err(Refusal::Denied(grant.policy.clone()));
        }
        let (grant, uses) = fitting(Effect::Allow).ok_or(Refusal::NotAllowed)?;
        if uses.fetch_add(1, Ordering::Relaxed) == 0 {
            self.tell(&grant.action, &grant.resource, Outcome::Used);
        }
        Ok(())
    }

    fn refuse(&self, access: &Access, refusal: Refusal) -> Refusal {
        let wanted = Access::new(&*access.action, &*access.granted_as);
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let times = refused.entry(wanted).or_default();
        *times += 1;
        // The same call is made again and again: once is enough to read.
        if *times == 1 {
            let role = &self.id;
            match &refusal {
                Refusal::NotAllowed => {
                    tracing::error!("refused: the role {role} lacks {}", access.statement());
                }
                Refusal::Denied(policy) => tracing::error!(
                    "refused: the policy {policy} denies the role {role} {} on {}",
                    access.action,
                    access.resource
                ),
            }
            self.tell(&access.action, &access.granted_as, Outcome::Refused);
        }
        refusal
    }

    fn tell(&self, action: &str, resource: &str, outcome: Outcome) {
        if let Some(report) = &self.report {
            report.append(&self.id, action, resource, outcome);
        }
    }

    pub(super) fn status(&self) -> Value {
        let grants: Vec<_> = self
            .grants
            .iter()
            .map(|(grant, uses)| {
                json!({
                    "policy": grant.policy,
                    "effect": grant.effect,
                    "action": grant.action,
                    "resource": grant.resource,
                    "used": uses.load(Ordering::Relaxed),
                })
            })
            .collect();
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let refused: Vec<_> = refused
            .iter()
            .map(
                |(it, times)| json!({"action": it.action, "resource": it.resource, "times": times}),
            )
            .collect();
        json!({"grants": grants, "refused": refused})
    }
}
