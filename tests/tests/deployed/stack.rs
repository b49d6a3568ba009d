//! The stack on a `MiniStack` of its own, as `npm run ministack` in `infra/cdk` deploys it.

use e2e::processes::{descendants, runs};
use e2e::tables::Tables;
use e2e::{Gateway, Host, Value};
use std::fs::File;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A deployed stack. Dropping it ends its `MiniStack`, and so does the end of this process.
pub struct Stack {
    pub url: String,
    /// Where requests are posted.
    pub http: String,
    pub endpoint: String,
    /// What the stack says of itself.
    pub outputs: Value,
    driver: Child,
    commands: Option<ChildStdin>,
    steps: Lines<BufReader<ChildStdout>>,
    /// What `cdk` says.
    log: PathBuf,
}

impl Stack {
    /// Bootstraps and deploys; tokens are those of the host's development issuer.
    pub fn deploy(binaries: &Path, issuer: &Host) -> Self {
        let packaged = binaries.join("message/bootstrap").exists();
        assert!(packaged, "no {}: run infra/cdk/scripts/package first", binaries.display());
        let log = binaries.join("deployment.log");
        let mut command = Command::new("npm");
        command.args(["run", "--silent", "ministack", "--"]);
        command.arg("-c").arg(format!("binaries={}", binaries.display()));
        for (name, value) in [
            ("TokenIssuer", format!("{}/dev", issuer.http)),
            ("TokenAudience", "booking-gateway".into()),
            ("TokenJwksUrl", format!("{}/dev/.well-known/jwks.json", issuer.http)),
            ("OperatorClaim", "role".into()),
            ("OperatorValue", "operator".into()),
            ("VenueClaim", "venue".into()),
        ] {
            command.arg("--parameters").arg(format!("{name}={value}"));
        }
        let mut driver = command
            .current_dir(crate::root().join("infra/cdk"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap();
        let commands = driver.stdin.take();
        let steps = BufReader::new(driver.stdout.take().unwrap()).lines();
        let (url, http, endpoint) = (String::new(), String::new(), String::new());
        let outputs = Value::Null;
        let mut stack = Self { url, http, endpoint, outputs, driver, commands, steps, log };
        stack.deployed();
        stack
    }

    /// Updates the stack with these further arguments of `cdk deploy`.
    pub fn update(&mut self, arguments: &str) {
        self.command(&format!("deploy {arguments}"));
        self.deployed();
    }

    /// Takes this grant from a live role, and gives back the one taken before.
    pub fn without(&mut self, role: &str, action: &str, resource: &str) {
        self.command(&format!("take {role} {action} {resource}"));
        self.step("taken");
    }

    /// Gives back the grant taken last.
    pub fn restore(&mut self) {
        self.command("restore");
        self.step("restored");
    }

    pub fn destroy(&mut self) {
        self.command("destroy");
        self.step("destroyed");
    }

    /// Ends `MiniStack`; fails where any process outlives it.
    pub fn end(mut self) {
        let all = descendants(self.driver.id());
        assert!(all.len() > 1, "MiniStack does not run");
        drop(self.commands.take());
        assert!(self.driver.wait().unwrap().success());
        let left: Vec<_> = all.into_iter().filter(|pid| runs(*pid)).collect();
        assert_eq!(left, Vec::<u32>::new(), "processes that outlive MiniStack");
    }

    /// How the suite reaches it.
    pub fn gateway(&self, issuer: &Host) -> Gateway {
        let output = |name: &str| self.outputs[name].as_str().unwrap().to_owned();
        let tables = Tables {
            endpoint: self.endpoint.clone(),
            bookings: output("BookingsTableName"),
            connections: output("ConnectionsTableName"),
            key: "test",
        };
        let token_url = issuer.gateway.token_url.clone();
        Gateway { url: self.url.clone(), http_url: self.http.clone(), token_url, tables }
    }

    fn command(&mut self, line: &str) {
        writeln!(self.commands.as_mut().unwrap(), "{line}").unwrap();
    }

    fn deployed(&mut self) {
        let mut step = self.step("deployed");
        let text = |name: &str| step[name].as_str().unwrap().to_owned();
        (self.url, self.http, self.endpoint) = (text("url"), text("http"), text("endpoint"));
        self.outputs = step["outputs"].take();
    }

    fn step(&mut self, expected: &str) -> Value {
        let line = self.steps.next().map_or_else(String::new, Result::unwrap);
        let step: Value = line.parse().unwrap_or_default();
        assert_eq!(step["step"], expected, "{line} (see {})", self.log.display());
        step
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        drop(self.commands.take());
        let _ = self.driver.wait();
    }
}
