//! The pipe from a stream to an event bus.
//!
//! A bus does nothing but hand events to its rules, and a template with a rule is refused, as this
//! host has nobody to hand them to. So a pipe that leads to a bus of the template has no effect
//! that anybody could see, and is not run; one that leads elsewhere is refused.

use super::Named;
use crate::template::error::TemplateError;
use crate::template::read::Source;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::BTreeSet;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct BusProperties {
    /// By which the pipe's target was resolved.
    _name: IgnoredAny,
    /// For events that reach no rule's target.
    _dead_letter_config: Option<IgnoredAny>,
    /// Nothing is stored.
    _kms_key_identifier: Option<IgnoredAny>,
    /// Logs go to the terminal.
    _log_config: Option<IgnoredAny>,
    /// Nobody but this host sends to a bus.
    _policy: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct PipeProperties {
    source: String,
    target: String,
    /// How it reads and what it sends, which nobody receives.
    _source_parameters: Option<IgnoredAny>,
    _target_parameters: Option<IgnoredAny>,
    _desired_state: Option<IgnoredAny>,
    /// A pipe carries nothing here, so that nothing is asked of its role.
    _role_arn: Option<IgnoredAny>,
    /// Logs go to the terminal.
    _log_configuration: Option<IgnoredAny>,
    _kms_key_identifier: Option<IgnoredAny>,
    _name: Option<IgnoredAny>,
    _description: Option<IgnoredAny>,
    _tags: Option<IgnoredAny>,
}

/// Checks a bus, and notes its ARN.
pub(in crate::template) fn read_bus(
    source: Source<'_>,
    buses: &mut BTreeSet<String>,
) -> Result<(), TemplateError> {
    let _: BusProperties = source.properties()?;
    buses.extend(source.arn());
    Ok(())
}

/// Checks that a pipe leads from a stream of this template to a bus of it.
pub(in crate::template) fn check_pipe(
    source: Source<'_>,
    named: &Named,
) -> Result<(), TemplateError> {
    let properties: PipeProperties = source.properties()?;
    let (from, to) = (&properties.source, &properties.target);
    source.find("Source", from, "a stream of a table", named.table_of_stream(from))?;
    source.find("Target", to, "an event bus", named.buses.get(to))?;
    Ok(())
}
