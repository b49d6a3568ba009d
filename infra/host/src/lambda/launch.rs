//! How function processes are started.

use crate::faults::Faults;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

/// How function processes are started.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program, which learns from its environment which function it is.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What the machine adds to every function's environment, such as where the database is. The
    /// template's own variables win.
    pub environment: BTreeMap<String, String>,
    /// What the machine adds to one function's environment: its keys, by its logical id.
    pub keys: BTreeMap<String, BTreeMap<String, String>>,
    /// The most processes of one function; more invocations wait for their turn.
    pub max_processes: usize,
    /// What its processes and invocations meet.
    pub faults: Faults,
}
