//! Measures the whole size, and fails where a bar is missed.

use size::{Size, measure};
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let report = measure(&Size::WHOLE).await;
    println!("{report}");
    if report.over().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
