//! Who calls, and whether the template's policies let them: as AWS decides, for every call that a
//! function makes.
//!
//! | file | what it knows |
//! |---|---|
//! | `credentials` | the keys of each function, and those of a developer |
//! | `signature` | whose request it is |
//! | `role` | what a role's policies say about a call, and what was asked of them |
//! | `pattern` | wildcards |
//! | `mappings` | what the host does itself on behalf of a function or pipe |
//! | `rules` | whether rules are let in where they deliver |
//! | `report` | what was used and refused, for others to read |
//!
//! Which grants a call needs is known where it is served: [`crate::database`] and
//! [`crate::gateway`].

mod credentials;
mod mappings;
mod pattern;
mod report;
mod role;
mod rules;
mod signature;

pub(crate) use pattern::{fits, fits_action};
pub(crate) use signature::SignatureError;

use crate::iam::report::Report;
use crate::iam::role::Judge;
use crate::iam::signature::Claim;
use crate::template::{ACCOUNT, Function, PARTITION, Role};
use aws_credential_types::Credentials;
use aws_lc_rs::error::Unspecified;
use http::request::Parts;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};
use thiserror::Error;

/// Everybody who may call. Clones are the same.
#[derive(Clone)]
pub struct Iam(Arc<Inner>);

struct Inner {
    /// By access key.
    keys: HashMap<String, (Credentials, Identity)>,
    /// Each function's keys, by its logical id.
    environments: BTreeMap<String, BTreeMap<String, String>>,
    /// By logical id.
    judges: BTreeMap<String, Judge>,
}

/// Whose keys they are.
enum Identity {
    /// A person on this machine, who may do everything.
    Developer,
    /// A function.
    Function {
        /// The logical id of its role.
        role: String,
        /// Its name as AWS has it in messages.
        principal: String,
    },
}

/// Why the host does not start.
#[derive(Debug, Error)]
pub enum IamError {
    /// The system has no random numbers.
    #[error("the system gives no random numbers to make access keys of")]
    Keys(#[from] Unspecified),
    /// The file of `--iam-report` cannot be written.
    #[error("cannot write to {path}: {source}")]
    Report {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What AWS does on behalf of a function or a pipe is not granted.
    #[error(
        "the template's resource {resource} ({kind}) cannot run: its role {role} lacks {statement}"
    )]
    Role {
        /// The resource's logical id.
        resource: String,
        /// Its type.
        kind: &'static str,
        /// The role's logical id.
        role: String,
        /// The statement.
        statement: String,
    },
    /// What a rule delivers to does not let it in. AWS would drop the events without a word.
    #[error(
        "the template's resource {rule} (AWS::Events::Rule) cannot deliver to {target}: its policy does \
         not let the service {service} do {action} for {source_arn}"
    )]
    Target {
        /// The rule's logical id.
        rule: String,
        /// The logical id of the queue or function.
        target: String,
        /// The service.
        service: &'static str,
        /// The action.
        action: &'static str,
        /// The ARN of the rule.
        source_arn: String,
    },
}

/// An action on a resource, which a call needs to be allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Access {
    /// Such as `dynamodb:GetItem`.
    pub(crate) action: String,
    /// The ARN.
    pub(crate) resource: String,
    /// What a policy would name to allow it.
    pub(crate) granted_as: String,
}

impl Access {
    /// An action on a resource that policies name as it is.
    pub(crate) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        let resource = resource.into();
        Self { action: action.into(), granted_as: resource.clone(), resource }
    }

    /// The statement that allows it.
    fn statement(&self) -> String {
        let Self { action, granted_as, .. } = self;
        json!({"Effect": "Allow", "Action": action, "Resource": granted_as}).to_string()
    }
}

/// A call that the caller's policies do not allow. The message is that of AWS:
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{} {}", self.short(&self.access.resource), self.reason())]
pub(crate) struct Denied {
    /// The caller's ARN.
    pub(crate) principal: String,
    /// What it needed.
    pub(crate) access: Access,
    /// Whether a policy denies it, rather than none allowing it.
    pub(crate) explicit: bool,
}

impl Denied {
    /// The message without the reason, with the resource in the caller's words.
    pub(crate) fn short(&self, resource: &str) -> String {
        let Self { principal, access, .. } = self;
        let action = &access.action;
        format!("User: {principal} is not authorized to perform: {action} on resource: {resource}")
    }

    fn reason(&self) -> String {
        if self.explicit {
            "with an explicit deny in an identity-based policy".to_owned()
        } else {
            let action = &self.access.action;
            format!("because no identity-based policy allows the {action} action")
        }
    }
}

/// A caller whose signature is good.
pub(crate) struct Caller<'a> {
    iam: &'a Inner,
    identity: &'a Identity,
}

impl Iam {
    /// Gives every function keys of its own, which mean its role. What is used and refused is
    /// appended to the file `report`.
    pub fn new(
        functions: &BTreeMap<String, Function>,
        roles: &BTreeMap<String, Role>,
        report: Option<&Path>,
    ) -> Result<Self, IamError> {
        let report = report.map(Report::open).transpose()?.map(Arc::new);
        let judges = roles
            .iter()
            .map(|(id, role)| (id.clone(), Judge::new(id.clone(), role, report.clone())))
            .collect();
        let mut keys = HashMap::new();
        let mut add = |credentials: Credentials, identity| {
            keys.insert(credentials.access_key_id().to_owned(), (credentials, identity));
        };
        add(credentials::developer(), Identity::Developer);
        let mut environments = BTreeMap::new();
        for (id, function) in functions {
            let credentials = credentials::random()?;
            environments.insert(id.clone(), credentials::environment(&credentials));
            let role_name = roles.get(&function.role).map_or("", |role| role.name.as_str());
            let principal = format!(
                "arn:{PARTITION}:sts::{ACCOUNT}:assumed-role/{role_name}/{}",
                function.name
            );
            let identity = Identity::Function { role: function.role.clone(), principal };
            add(credentials, identity);
        }
        Ok(Self(Arc::new(Inner { keys, environments, judges })))
    }

    /// The variables that tell each function of its keys, by its logical id.
    pub fn environments(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        self.0.environments.clone()
    }

    /// Whose request to a service it is, by its signature.
    pub(crate) fn identify(
        &self,
        service: &'static str,
        parts: &Parts,
        body: &[u8],
    ) -> Result<Caller<'_>, SignatureError> {
        let claim = Claim::read(&parts.headers)?;
        let (keys, identity) =
            self.0.keys.get(claim.access_key).ok_or(SignatureError::UnknownKey)?;
        claim.verify(keys, service, Timestamp::now(), parts, body)?;
        Ok(Caller { iam: &self.0, identity })
    }

    /// What each role is granted, how often each grant was used, and what was refused.
    pub fn status(&self) -> Value {
        let roles: serde_json::Map<_, _> =
            self.0.judges.iter().map(|(id, judge)| (id.clone(), judge.status())).collect();
        json!({ "roles": roles })
    }
}

impl fmt::Debug for Iam {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.0.judges.keys()).finish()
    }
}

impl Caller<'_> {
    /// Whether a function calls, and no person.
    pub(crate) fn is_function(&self) -> bool {
        matches!(self.identity, Identity::Function { .. })
    }

    /// Who calls, as the services write it down beside what they were asked: the role and the function
    /// that has it, or the account.
    pub(crate) fn id(&self) -> String {
        match self.identity {
            Identity::Developer => ACCOUNT.to_owned(),
            Identity::Function { principal, .. } => {
                let session = principal.split_once('/').map_or("", |(_, session)| session);
                session.replacen('/', ":", 1)
            }
        }
    }

    /// Whether the caller may do this.
    pub(crate) fn may(&self, access: &Access) -> Result<(), Denied> {
        let Identity::Function { role, principal } = self.identity else { return Ok(()) };
        let denied =
            |explicit| Denied { principal: principal.clone(), access: access.clone(), explicit };
        // A role that nobody has described allows nothing.
        let judge = self.iam.judges.get(role).ok_or_else(|| denied(false))?;
        judge.decide(access).map_err(|refusal| denied(refusal.is_explicit()))
    }
}
