//! Why a template cannot run here.

use std::path::PathBuf;
use thiserror::Error;

/// Why a template cannot run here. Each message is one line that names what to change.
#[derive(Debug, Error)]
pub enum TemplateError {
    /// The file cannot be read.
    #[error("cannot read the template {path}: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It is not JSON, or not in the form of a template.
    #[error("this is not a CloudFormation template in JSON: {0}")]
    Malformed(#[from] serde_json::Error),
    /// The file is not JSON, or not in the form of a template.
    #[error("{path} is not a CloudFormation template in JSON: {source}")]
    MalformedFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A parameter has no value.
    #[error("the template's parameter {0} needs a value: add --parameter {0}=VALUE")]
    MissingParameter(String),
    /// A value was given for a parameter that the template does not have.
    #[error("the template has no parameter {0}")]
    UnknownParameter(String),
    /// A parameter's value is not one of those it allows.
    #[error("the template's parameter {name} does not allow {value:?}")]
    ForbiddenParameter {
        /// The parameter.
        name: String,
        /// The value given.
        value: String,
    },
    /// A condition cannot be evaluated.
    #[error("the template's condition {name} cannot be evaluated here: {reason}")]
    Condition {
        /// The condition.
        name: String,
        /// What stands in the way.
        reason: String,
    },
    /// Nobody said what resources of this type are here.
    #[error(
        "the template's resource {resource} is of type {kind}, which this host neither runs nor \
         lists as meaningless on one machine"
    )]
    UnknownType {
        /// The resource's logical id.
        resource: String,
        /// Its type.
        kind: String,
    },
    /// A property is unknown, malformed or asks for something that this host does not do.
    #[error("the template's resource {resource} ({kind}) cannot run here: {reason}")]
    Resource {
        /// The resource's logical id.
        resource: String,
        /// Its type.
        kind: String,
        /// The property and what is wrong with it.
        reason: String,
    },
    /// There is not exactly one WebSocket API.
    #[error("the template has {0} WebSocket APIs with a stage, this host runs exactly one")]
    Apis(usize),
}
