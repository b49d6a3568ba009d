//! `wscat` in a terminal, driven as a person does.

use crate::wait::eventually;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

/// A terminal window in which `wscat` runs.
#[derive(Debug)]
pub struct Window {
    child: Child,
    screen: Arc<Mutex<Vec<u8>>>,
}

impl Window {
    /// Types a command into a shell, in a terminal in which the pinned `wscat` is installed.
    ///
    /// `wscat` only says that it is connected, and only marks what comes in, on a terminal:
    /// `script` provides one.
    pub async fn open(command: &str) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("wscat");
        let tools = folder.join("node_modules/.bin");
        assert!(tools.join("wscat").exists(), "install it first: npm ci in {}", folder.display());
        let path = std::env::var("PATH").unwrap();
        let mut child = Command::new("script")
            .args(["--quiet", "--flush", "--return", "--command", command, "/dev/null"])
            .current_dir(folder)
            .env("PATH", format!("{}:{path}", tools.display()))
            .env("TERM", "xterm")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script, of Debian's bsdutils, does not start");
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut output, seen) = (child.stdout.take().unwrap(), screen.clone());
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                seen.lock().unwrap().extend_from_slice(&buffer[..length]);
            }
        });
        let window = Self { child, screen };
        eventually(&format!("`{command}` to connect"), async || {
            let text = window.text();
            assert!(!text.contains("error: "), "{command}: {text}");
            text.contains("Connected").then_some(())
        })
        .await;
        window
    }

    /// Types a line and presses return.
    pub fn type_line(&mut self, line: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        write!(stdin, "{line}\r").unwrap();
        stdin.flush().unwrap();
    }

    /// All frames that came so far, as they stand on the screen.
    pub fn frames(&self) -> Vec<String> {
        let text = self.text();
        let whole_lines = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let frames = whole_lines.lines().filter_map(|line| line.trim_end().strip_prefix("< "));
        frames.map(str::to_owned).collect()
    }

    /// Presses Ctrl-C and waits until the window is empty.
    pub fn close(mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
        self.child.wait().unwrap();
    }

    /// What is on the screen, without the codes that colour it and move the cursor.
    pub fn text(&self) -> String {
        let bytes = self.screen.lock().unwrap().clone();
        let screen = String::from_utf8_lossy(&bytes);
        let mut text = String::new();
        let mut pieces = screen.split('\x1b');
        text.extend(pieces.next());
        for piece in pieces {
            let code_ends = piece.find(|it: char| it.is_ascii_alphabetic()).map_or(0, |at| at + 1);
            text.push_str(&piece[code_ends..]);
        }
        text.replace('\r', "\n")
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("a window shows:\n{}\n", self.text());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
