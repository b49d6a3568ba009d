//! The suite's own test binaries, run against a deployed stack.

use crate::stack::Stack;
use e2e::{Host, Value};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The built test binaries.
pub struct Suite {
    protocol: PathBuf,
    race: PathBuf,
}

/// What a run of tests came to.
pub struct Outcome {
    pub passed: Vec<String>,
    pub failed: Vec<String>,
    /// Of those passed: the ones that said that they cannot run here, with the reason.
    pub skipped: Vec<String>,
    output: String,
}

impl Suite {
    /// Builds what is not built yet.
    pub fn build() -> Self {
        let built = Command::new(env!("CARGO"))
            .args(["test", "--workspace", "--no-run", "--message-format", "json"])
            .args(["--test", "protocol", "--test", "race"])
            .current_dir(crate::root())
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(built.status.success(), "the suite does not build");
        let lines = String::from_utf8(built.stdout).unwrap();
        let artifacts: Vec<Value> = lines.lines().map(|line| line.parse().unwrap()).collect();
        let executable = |name: &str| {
            let found = artifacts
                .iter()
                .find(|it| it["target"]["name"] == name && it["executable"].is_string());
            PathBuf::from(found.unwrap()["executable"].as_str().unwrap())
        };
        Self { protocol: executable("protocol"), race: executable("race") }
    }

    /// Runs all tests of the wire contract whose names begin like one of these; all, for none.
    pub fn protocol(&self, stack: &Stack, issuer: &Host, tests: &[&str], patience: u32) -> Outcome {
        Self::run(Command::new(&self.protocol).args(tests), stack, issuer, patience)
    }

    /// The same, with requests sent over HTTP.
    pub fn over_http(
        &self,
        stack: &Stack,
        issuer: &Host,
        tests: &[&str],
        patience: u32,
    ) -> Outcome {
        let mut command = Command::new(&self.protocol);
        Self::run(command.args(tests).env("BOOKING_TRANSPORT", "http"), stack, issuer, patience)
    }

    /// Runs the races.
    pub fn race(&self, stack: &Stack, issuer: &Host) -> Outcome {
        Self::run(Command::new(&self.race).args(["--test-threads", "1"]), stack, issuer, 60)
    }

    fn run(command: &mut Command, stack: &Stack, issuer: &Host, patience: u32) -> Outcome {
        let table = |name: &str| stack.outputs[name].as_str().unwrap();
        let ran = command
            .env("BOOKING_URL", &stack.url)
            .env("BOOKING_HTTP_URL", &stack.http)
            .env("BOOKING_TOKEN_URL", &issuer.gateway.token_url)
            .env("BOOKING_DYNAMODB_URL", &stack.endpoint)
            .env("BOOKING_TABLE", table("BookingsTableName"))
            .env("CONNECTIONS_TABLE", table("ConnectionsTableName"))
            .env("BOOKING_PATIENCE", patience.to_string())
            .env("RUST_BACKTRACE", "0")
            .output()
            .unwrap();
        let output = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
        let outcome = Outcome::of(output.into_owned());
        assert_eq!(ran.status.success(), outcome.failed.is_empty(), "{}", outcome.output);
        outcome
    }
}

impl Outcome {
    fn of(output: String) -> Self {
        let ended = |how: &str| {
            let name = |line: &str| {
                let (name, end) = line.strip_prefix("test ")?.split_once(" ... ")?;
                (end == how).then(|| name.to_owned())
            };
            output.lines().filter_map(name).collect()
        };
        let skipped = output.lines().filter_map(|line| line.strip_prefix("skipped "));
        let skipped = skipped.map(str::to_owned).collect();
        Self { passed: ended("ok"), failed: ended("FAILED"), skipped, output }
    }

    /// Tests that passed and did not skip themselves.
    pub fn ran(&self) -> usize {
        self.passed.len() - self.skipped.len()
    }

    /// Fails unless nothing failed and at least so many tests ran.
    pub fn expect(&self, at_least: usize) {
        assert!(self.failed.is_empty(), "{:?} failed\n{}", self.failed, self.output);
        assert!(self.ran() >= at_least, "only {} tests ran\n{}", self.ran(), self.output);
    }
}
