//! CloudWatch metrics, written to the log in the embedded metric format.
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
//!
//! Record them with the `metrics` crate's macros. Where logs are not collected, nothing is written.

use crate::config::Config;
use crate::error::Error;
use metrics_cloudwatch_embedded::{Builder, Collector};

/// The namespace that the stack's alarms and dashboard look in.
const NAMESPACE: &str = "BookingGateway";

/// What was recorded since the last flush.
#[derive(Clone, Copy)]
pub struct Metrics(Option<&'static Collector>);

impl Metrics {
    /// Starts recording. Call it once, first.
    pub fn start(config: &Config) -> Result<Self, Error> {
        if !config.logs_are_collected() {
            return Ok(Self(None));
        }
        let function = config.function_name()?.to_owned();
        let builder = Builder::new().cloudwatch_namespace(NAMESPACE);
        let collector = builder.with_dimension("FunctionName", function).init()?;
        Ok(Self(Some(collector)))
    }

    /// Writes what was recorded, at the end of an invocation.
    pub fn flush(self) -> Result<(), std::io::Error> {
        self.0.map_or(Ok(()), |collector| collector.flush(std::io::stdout()))
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
