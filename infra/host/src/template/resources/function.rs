//! Functions.

use super::Named;
use crate::template::arn;
use crate::template::error::TemplateError;
use crate::template::plan::Function;
use crate::template::read::Source;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::time::Duration;

/// What Lambda gives a function that does not say.
const DEFAULT_TIMEOUT_SECONDS: u64 = 3;
const DEFAULT_MEMORY_MIB: u32 = 128;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    function_name: Option<String>,
    handler: String,
    runtime: String,
    role: String,
    environment: Option<Environment>,
    timeout: Option<u64>,
    memory_size: Option<u32>,
    reserved_concurrent_executions: Option<usize>,
    /// The code is in this program; `Handler` says which function it is.
    _code: Option<IgnoredAny>,
    _package_type: Option<IgnoredAny>,
    _architectures: Option<IgnoredAny>,
    /// Logs and traces go to the terminal.
    _logging_config: Option<IgnoredAny>,
    _tracing_config: Option<IgnoredAny>,
    /// The environment is in plain text here.
    _kms_key_arn: Option<IgnoredAny>,
    /// The process has the whole disk.
    _ephemeral_storage: Option<IgnoredAny>,
    /// Which version of Amazon Linux to run on.
    _runtime_management_config: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Environment {
    #[serde(default)]
    variables: BTreeMap<String, String>,
}

pub(in crate::template) fn read(
    source: Source<'_>,
    named: &Named,
) -> Result<Function, TemplateError> {
    let properties: Properties = source.properties()?;
    if !properties.runtime.starts_with("provided.") {
        return Err(source.refuse(format!(
            "Runtime: this host runs compiled functions (provided.al2023), not {}",
            properties.runtime
        )));
    }
    let role = source.find("Role", &properties.role, "a role", named.role(&properties.role))?;
    let name = properties.function_name.unwrap_or_else(|| source.id.to_owned());
    Ok(Function {
        arn: arn::function(&name),
        name,
        handler: properties.handler,
        role: role.to_owned(),
        environment: properties.environment.map(|it| it.variables).unwrap_or_default(),
        timeout: Duration::from_secs(properties.timeout.unwrap_or(DEFAULT_TIMEOUT_SECONDS)),
        memory_mib: properties.memory_size.unwrap_or(DEFAULT_MEMORY_MIB),
        reserved_concurrency: properties.reserved_concurrent_executions,
    })
}
