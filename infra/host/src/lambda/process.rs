//! One process of a function: started, listened to, and killed when it must be.

use super::launch::Launch;
use crate::template::{Function, REGION};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::error::Unspecified;
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::oneshot;
use tracing::Level;

/// Which of a function's processes: counted from 1, never used again.
pub(super) type Number = u64;

/// What a process has in the paths by which it asks for invocations and answers them, so that
/// nobody else can: 128 bits from the system's generator, in hexadecimal digits.
pub(super) struct Secret(String);

impl Secret {
    /// A new one.
    pub(super) fn random() -> Result<Self, Unspecified> {
        let mut bytes = [0; 16];
        aws_lc_rs::rand::fill(&mut bytes)?;
        Ok(Self(format!("{:032x}", u128::from_be_bytes(bytes))))
    }

    /// What a caller says it is.
    pub(super) fn given(text: String) -> Self {
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// In a time that tells nothing of how far they agree.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        verify_slices_are_equal(self.0.as_bytes(), other.0.as_bytes()).is_ok()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

/// Kills the process when sent to or dropped.
pub(super) type Kill = oneshot::Sender<()>;

/// Starts a process, and says how it ended. Returns its id and the means to kill it.
pub(super) fn start(
    mut command: Command,
    name: &str,
    ended: impl FnOnce(io::Result<ExitStatus>) + Send + 'static,
) -> io::Result<(Option<u32>, Kill)> {
    let mut child = command.spawn()?;
    let pid = child.id();
    if let Some(output) = child.stdout.take() {
        tokio::spawn(forward(name.to_owned(), output));
    }
    if let Some(output) = child.stderr.take() {
        tokio::spawn(forward(name.to_owned(), output));
    }
    let (kill, killed) = oneshot::channel();
    tokio::spawn(async move { ended(wait(child, killed).await) });
    Ok((pid, kill))
}

/// What starts a process of this function.
pub(super) fn command(
    launch: &Launch,
    function: &Function,
    keys: &BTreeMap<String, String>,
    runtime_api: &str,
) -> Command {
    let mut command = Command::new(&launch.program);
    command
        .args(&launch.arguments)
        .env_clear()
        .envs([
            ("AWS_REGION", REGION),
            ("AWS_DEFAULT_REGION", REGION),
            ("LANG", "en_US.UTF-8"),
            ("TZ", ":UTC"),
        ])
        .envs(&launch.environment)
        .envs(&function.environment)
        .envs(keys)
        .envs(launch.faults.clock())
        .envs([
            ("_HANDLER", function.handler.as_str()),
            ("AWS_LAMBDA_RUNTIME_API", runtime_api),
            ("AWS_LAMBDA_FUNCTION_NAME", &function.name),
            ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ])
        // No AWS_LAMBDA_LOG_GROUP_NAME: logs are for a person here, not for CloudWatch.
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", function.memory_mib.to_string())
        // The process ends when this pipe closes, however this host comes to its end.
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // Ctrl-C in the terminal is for the host, which still has connections to say goodbye to.
        .process_group(0)
        .kill_on_drop(true);
    command
}

async fn wait(mut child: Child, killed: oneshot::Receiver<()>) -> io::Result<ExitStatus> {
    // `wait` would close the pipe first, which tells the process to end.
    let lifeline = child.stdin.take();
    let status = tokio::select! {
        status = child.wait() => status,
        _ = killed => {
            child.start_kill()?;
            child.wait().await
        }
    };
    drop(lifeline);
    status
}

/// Prints what the process prints, with the function's name in front.
async fn forward(function: String, output: impl AsyncRead + Unpin) {
    let mut output = BufReader::new(output);
    let mut line = Vec::new();
    while let Ok(1..) = output.read_until(b'\n', &mut line).await {
        if tracing::enabled!(target: "functions", Level::INFO) {
            let (now, line) = (Timestamp::now(), String::from_utf8_lossy(&line));
            eprintln!("{now:.6} {function} | {}", line.trim_end());
        }
        line.clear();
    }
}

/// Ends this process when the host that started it is gone, however the host came to its end.
///
/// The host holds the other end of standard input and writes nothing. A thread of its own sees the
/// end even while the function computes.
pub fn end_with_host() {
    std::thread::spawn(|| {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        std::process::exit(0);
    });
}
