//! Roles and the policies that say what they may do.
//!
//! Whatever could make a decision other than the one that this host takes is refused here:
//! conditions, `NotAction`, `NotResource`, policy variables, permissions boundaries, managed
//! policies whose text it does not have.

use super::Named;
use crate::template::arn;
use crate::template::error::TemplateError;
use crate::template::plan::{Effect, Grant, Role};
use crate::template::read::Source;
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The managed policies whose text is known, and the actions that they allow on everything.
/// <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html>
const MANAGED: &[(&str, &[&str])] = &[(
    "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    &["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"],
)];

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RoleProperties {
    role_name: Option<String>,
    #[serde(default)]
    policies: Vec<Inline>,
    #[serde(default)]
    managed_policy_arns: Vec<String>,
    /// A process has the role that the template gives its function, and no other way to it.
    _assume_role_policy_document: IgnoredAny,
    _path: Option<IgnoredAny>,
    _max_session_duration: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Inline {
    policy_name: String,
    policy_document: PolicyDocument,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyProperties {
    policy_document: PolicyDocument,
    roles: Vec<String>,
    _policy_name: IgnoredAny,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PolicyDocument {
    version: String,
    statement: Vec<Statement>,
    _id: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Statement {
    effect: Effect,
    action: OneOrMore<String>,
    resource: OneOrMore<String>,
    _sid: Option<IgnoredAny>,
}

/// What a policy may write as a list or as its only element.
#[derive(Deserialize)]
#[serde(untagged, expecting = "invalid type, expected a text or a list of texts")]
pub(crate) enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, T> {
        match self {
            Self::One(value) => std::slice::from_ref(value).iter(),
            Self::More(values) => values.iter(),
        }
    }
}

/// Reads a role with the policies that are part of it.
pub(in crate::template) fn read_role(source: Source<'_>) -> Result<Role, TemplateError> {
    let properties: RoleProperties = source.properties()?;
    let name = properties.role_name.unwrap_or_else(|| source.id.to_owned());
    let mut role = Role { arn: arn::role(&name), name, grants: Vec::new() };
    for inline in properties.policies {
        let policy = format!("{}, {}", source.id, inline.policy_name);
        role.grants.extend(grants(source, &policy, inline.policy_document)?);
    }
    for policy in properties.managed_policy_arns {
        let Some((_, actions)) = MANAGED.iter().find(|(known, _)| *known == policy) else {
            return Err(source.refuse(format!(
                "ManagedPolicyArns: this host does not know what {policy} allows"
            )));
        };
        role.grants.extend(actions.iter().map(|action| Grant {
            policy: policy.clone(),
            effect: Effect::Allow,
            action: (*action).to_owned(),
            resource: "*".to_owned(),
        }));
    }
    Ok(role)
}

/// Reads a policy and gives it to its roles.
pub(in crate::template) fn attach(
    source: Source<'_>,
    named: &mut Named,
) -> Result<(), TemplateError> {
    let properties: PolicyProperties = source.properties()?;
    let grants = grants(source, source.id, properties.policy_document)?;
    for name in properties.roles {
        let role = named.roles.values_mut().find(|role| role.name == name);
        let role = source.find("Roles", &name, "a role", role)?;
        role.grants.extend(grants.iter().cloned());
    }
    Ok(())
}

/// A grant for every action on every resource of a statement.
fn grants(
    source: Source<'_>,
    policy: &str,
    document: PolicyDocument,
) -> Result<Vec<Grant>, TemplateError> {
    if document.version != "2012-10-17" {
        return Err(source.refuse(format!(
            "PolicyDocument.Version: {} has other rules than 2012-10-17",
            document.version
        )));
    }
    let mut grants = Vec::new();
    for statement in document.statement {
        for action in statement.action.iter() {
            for resource in statement.resource.iter() {
                if let Some(variable) = [action, resource].into_iter().find(|it| it.contains("${"))
                {
                    return Err(source.refuse(format!(
                        "PolicyDocument: this host does not know policy variables: {variable}"
                    )));
                }
                grants.push(Grant {
                    policy: policy.to_owned(),
                    effect: statement.effect,
                    action: action.clone(),
                    resource: resource.clone(),
                });
            }
        }
    }
    Ok(grants)
}
