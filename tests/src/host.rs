//! The local host as a process: the built `booking-gateway`.

use crate::gateway::Gateway;
use crate::processes;
use crate::tables::Tables;
use crate::wait::LIMIT;
use serde_json::Value;
use std::ffi::OsString;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Runs the host as a child of a shell that ends it when its own standard input closes, however
/// the test binary ends: what lives in a `static` is never dropped.
const KEEPER: &str =
    r#""$@" </dev/null & host=$!; cat >/dev/null; kill -INT "$host"; wait "$host""#;

/// A running host. Dropping it kills it.
#[derive(Debug)]
pub struct Host {
    /// How to reach it.
    pub gateway: Gateway,
    /// `http://127.0.0.1:PORT`.
    pub http: String,
    printed: Arc<Mutex<Vec<String>>>,
    child: Child,
    log: PathBuf,
    _stdin: Option<ChildStdin>,
}

impl Host {
    /// Starts a host on a free port with these further arguments and waits until it is ready.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(&std::env::temp_dir(), arguments)
    }

    /// As [`Host::start`], with the folder in which it makes its temporary files.
    pub fn start_in(temporary: &std::path::Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command.args(["--port", "0"]).args(report()).args(arguments);
        command.env("TMPDIR", temporary).stdin(Stdio::null());
        Self::wait_until_ready(command, true)
    }

    /// Starts a host for other machines than this one: it has no issuer of its own then, and its
    /// tables stay unknown.
    pub fn start_open(arguments: &[&str]) -> Self {
        let mut command = Command::new(binary());
        command.args(["--port", "0", "--bind", "0.0.0.0"]).args(arguments).stdin(Stdio::null());
        Self::wait_until_ready(command, false)
    }

    /// Starts a host with a limit on open files, as `ulimit` takes it.
    pub fn start_with_limit(limit: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!(r#"ulimit {limit} && exec "$@""#), "limited"])
            .arg(binary())
            .args(["--port", "0"])
            .args(arguments)
            .stdin(Stdio::null());
        Self::wait_until_ready(command, true)
    }

    /// Starts a host that ends with the test binary.
    pub fn start_kept() -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .arg(binary())
            .args(["--port", "0"])
            .args(report())
            .stdin(Stdio::piped());
        Self::wait_until_ready(command, true)
    }

    /// Runs the host with arguments with which it must not start.
    pub fn refuses(arguments: &[&str]) -> Output {
        let mut child = Command::new(binary())
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if started.elapsed() > *LIMIT {
                child.kill().unwrap();
                panic!("booking-gateway {arguments:?} did not end by itself");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.wait_with_output().unwrap()
    }

    fn wait_until_ready(mut command: Command, looks_inside: bool) -> Self {
        let log = log_file();
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(File::create(&log).unwrap())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdin = child.stdin.take();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut url = None;
        let printed = Arc::new(Mutex::new(Vec::new()));
        while url.is_none() {
            let Some(Ok(line)) = lines.next() else {
                let errors = std::fs::read_to_string(&log).unwrap();
                panic!("the host ended before it was ready: {printed:?}\n{errors}");
            };
            url = line.strip_prefix("ready: ").map(str::to_owned);
            printed.lock().unwrap().push(line);
        }
        // The host must never find its standard output closed or full.
        let prints = printed.clone();
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| prints.lock().unwrap().push(line));
        });
        let url = url.unwrap();
        let address = url.strip_prefix("ws://").and_then(|rest| rest.strip_suffix("/live"));
        let address = address.unwrap_or_else(|| panic!("ready at {url}?"));
        let http = format!("http://{}", address.replace("0.0.0.0", "127.0.0.1"));
        let tables = if looks_inside { Tables::of_host(&http) } else { Tables::default() };
        let token_url = format!("{http}/dev/token");
        let url = format!("{}/live", http.replace("http:", "ws:"));
        let http_url = format!("{http}/v1");
        let gateway = Gateway { url, http_url, token_url, tables };
        Self { gateway, http, printed, child, log, _stdin: stdin }
    }

    /// The process id of a host of [`Host::start`].
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What it printed so far.
    pub fn printed(&self) -> String {
        self.printed.lock().unwrap().join("\n")
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The text at a path of its HTTP surface, with the status.
    pub async fn get(&self, path: &str) -> (u16, String) {
        let answer = reqwest::get(format!("{}{path}", self.http)).await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    /// The JSON at a path of its HTTP surface.
    pub async fn get_json(&self, path: &str) -> Value {
        let (status, text) = self.get(path).await;
        assert_eq!(status, 200, "{path}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Ends it as Ctrl-C does. Answers how long that took, and fails where the end is not clean.
    pub fn interrupt(mut self) -> Duration {
        let started = Instant::now();
        processes::signal(self.pid(), "INT");
        let status = self.wait_for_exit();
        let took = started.elapsed();
        assert!(status.success(), "{status} after SIGINT:\n{}", self.log());
        took
    }

    /// As [`Host::interrupt`]. Answers all that it printed and logged.
    pub fn last_words(self) -> String {
        let (printed, log) = (self.printed.clone(), self.log.clone());
        self.interrupt();
        let logged = std::fs::read_to_string(log).unwrap();
        format!("{}\n{logged}", printed.lock().unwrap().join("\n"))
    }

    /// Ends it at once and without warning.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.wait_for_exit();
    }

    fn wait_for_exit(&mut self) -> std::process::ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < *LIMIT, "the host does not end");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("the host's log: {}", self.log.display());
        }
    }
}

/// The folder of what is built, such as `target/debug`: tests are in a folder of their own there.
fn target() -> PathBuf {
    let executable = std::env::current_exe().unwrap();
    let folder = executable.parent().unwrap();
    let is_tests = folder.ends_with("deps");
    if is_tests { folder.parent().unwrap().to_owned() } else { folder.to_owned() }
}

/// The built host: `target/debug/booking-gateway`.
fn binary() -> PathBuf {
    let binary = target().join("booking-gateway");
    assert!(binary.exists(), "{} is missing: build it first with `cargo build`", binary.display());
    binary
}

/// Has a host tell which grants it used, so that the test of them can be run last.
fn report() -> [OsString; 2] {
    ["--iam-report".into(), used_grants().into()]
}

/// Where all hosts tell which grants they used.
pub fn used_grants() -> PathBuf {
    target().join("e2e-iam.jsonl")
}

/// A file for what a host logs, kept for whoever looks into a failed test.
fn log_file() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let executable = std::env::current_exe().unwrap();
    let folder = target().join("e2e-logs");
    std::fs::create_dir_all(&folder).unwrap();
    let name = executable.file_stem().unwrap().to_string_lossy().into_owned();
    let binary = name.split('-').next().unwrap();
    folder.join(format!("{binary}-{}.log", COUNT.fetch_add(1, Ordering::Relaxed)))
}
