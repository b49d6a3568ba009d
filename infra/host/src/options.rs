//! What the command line may ask for.

use crate::guard::HostName;
use clap::Args;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use thiserror::Error;

/// How a stack is to be run.
#[derive(Debug, Args)]
pub struct Options {
    /// The port to listen on; 0 takes any free one.
    #[arg(long, default_value_t = 8080)]
    pub port: u16,
    /// The address to listen on. Development tokens are only given out on a loopback address.
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub bind: IpAddr,
    /// Another name by which clients know this host, such as one that a proxy or a container's port
    /// mapping gives it; may be given more than once. Requests for other names are refused.
    #[arg(long = "allow-host", value_name = "HOST[:PORT]")]
    pub allow_hosts: Vec<HostName>,
    /// Keep everything in this folder; without it, everything is gone at the end.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// What to log, such as `warn`, `debug` or `info,functions=off`.
    #[arg(long, default_value = "info", value_name = "FILTER")]
    pub log: String,
    /// Run this synthesized template instead of the one that this program was built with.
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// A value for one of the template's parameters; may be given more than once.
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    pub parameters: Vec<(String, String)>,
    /// Append to this file, in JSON by the line, which grants are used and which calls are refused.
    #[arg(long, value_name = "FILE", overrides_with = "iam_report")]
    pub iam_report: Option<PathBuf>,
    /// Answer only so many pushes and other calls of @connections a second, and the rest with 429, as
    /// API Gateway does at an account's quota; without it, all of them.
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub posts_per_second: Option<u32>,
    /// Let things go wrong as this file asks for: conflicts, lost answers, crashes, and so on.
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// How long after its first failure an invocation is made again that nobody waits for; after the
    /// second one, twice as long. AWS waits for a minute.
    #[arg(long, default_value_t = 60, value_name = "SECONDS")]
    pub async_retry_seconds: u64,
    /// The most processes of one function.
    #[arg(long, default_value_t = 8, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..))]
    pub max_processes: u16,
}

impl Options {
    /// The values given for the template's parameters; the last one of a name counts.
    pub fn parameters(&self) -> BTreeMap<String, String> {
        self.parameters.iter().cloned().collect()
    }
}

/// A text that gives no parameter a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected NAME=VALUE")]
struct NoParameter;

fn parameter(text: &str) -> Result<(String, String), NoParameter> {
    let (name, value) = text.split_once('=').ok_or(NoParameter)?;
    Ok((name.to_owned(), value.to_owned()))
}
