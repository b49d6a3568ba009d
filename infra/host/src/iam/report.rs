//! A file that is told of every grant that was used and of every call that was refused, once.
//!
//! A line is written when it happens, in one piece: hosts that share a file do not mix their
//! lines, and one that is killed has said what there was to say.

use super::IamError;
use serde::Serialize;
use serde_json::json;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    Used,
    Refused,
}

pub(super) struct Report(Mutex<File>);

impl Report {
    pub(super) fn open(path: &Path) -> Result<Self, IamError> {
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .map_err(|source| IamError::Report { path: path.to_owned(), source })?;
        Ok(Self(Mutex::new(file)))
    }

    pub(super) fn append(&self, role: &str, action: &str, resource: &str, outcome: Outcome) {
        let entry =
            json!({"role": role, "action": action, "resource": resource, "outcome": outcome});
        let line = format!("{entry}\n");
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            tracing::error!(%error, "cannot write to the file of --iam-report");
        }
    }
}
