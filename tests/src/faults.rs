//! A host in which things go wrong on purpose.

use crate::host::Host;
use serde_json::Value;

impl Host {
    /// Starts a host with these further arguments in which nothing goes wrong until [`Host::inject`]
    /// says so.
    pub fn start_faulty(arguments: &[&str]) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "{}").unwrap();
        Self::start(&[&["--faults", file.path().to_str().unwrap()], arguments].concat())
    }

    /// From now on, this goes wrong, and nothing else.
    pub async fn inject(&self, plan: Value) {
        let url = format!("{}/dev/faults", self.http);
        let put = reqwest::Client::new().put(url).body(plan.to_string());
        let answer = put.send().await.unwrap();
        let status = answer.status();
        assert!(status.is_success(), "{plan}: {status} {}", answer.text().await.unwrap());
    }

    /// How many calls have met a fault since [`Host::inject`], by its name in the file.
    pub async fn met(&self) -> std::collections::BTreeMap<String, u64> {
        let status = self.get_json("/dev/faults").await;
        serde_json::from_value(status["met"].clone()).unwrap()
    }
}
