//! The sessions of the README and of the examples, typed as they stand.

use crate::skipped;
use e2e::Host;
use e2e::readme::{Block, Line, Names, examples, session};
use e2e::wait::eventually;
use e2e::wscat::Window;
use std::collections::BTreeMap;
use std::process::Command;

/// The address in the README: what a plain `cargo run` prints.
const ADDRESS: &str = "127.0.0.1:8080";

#[tokio::test]
async fn the_session_of_the_readme_goes_as_written() {
    if skipped("readme::the_session_of_the_readme_goes_as_written") {
        return;
    }
    let session = session();
    let typed = session.iter().flat_map(|block| &block.lines);
    assert!(typed.filter(|line| matches!(line, Line::Typed(_))).count() >= 5);
    let host = Host::start(&[]);
    play_all(session, &host).await;
}

#[tokio::test]
async fn each_example_goes_as_written() {
    if skipped("readme::each_example_goes_as_written") {
        return;
    }
    let examples = examples();
    assert!(examples.len() >= 9, "{:?}", examples.keys());
    let host = Host::start(&[]);
    for (page, session) in examples {
        println!("{page}");
        play_all(session, &host).await;
    }
}

/// A window of a session, and which of its frames were accounted for.
#[derive(Default)]
struct Pane {
    wscat: Option<Window>,
    /// What commands that ended have said, line by line.
    said: Vec<String>,
    used: Vec<bool>,
}

impl Pane {
    fn frames(&self) -> Vec<String> {
        let wscat = self.wscat.as_ref().map_or_else(Vec::new, Window::frames);
        self.said.iter().cloned().chain(wscat).collect()
    }

    fn text(&self) -> String {
        self.wscat.as_ref().map_or_else(|| self.said.join("\n"), Window::text)
    }

    /// Types a command into its shell.
    async fn run(&mut self, command: &str) {
        if command.starts_with("curl ") {
            let ran = Command::new("sh").args(["-c", command]).output().unwrap();
            assert!(ran.status.success(), "{command}: {ran:?}");
            self.said.extend(String::from_utf8(ran.stdout).unwrap().lines().map(str::to_owned));
        } else {
            self.wscat = Some(Window::open(command).await);
        }
    }
}

/// Plays a session in windows of its own.
async fn play_all(session: Vec<Block>, host: &Host) {
    let address = host.http.strip_prefix("http://").unwrap();
    let mut windows = BTreeMap::new();
    let mut names = Names::default();
    for block in session {
        play(block, address, &mut windows, &mut names).await;
    }
    for window in windows.into_values().filter_map(|pane| pane.wscat) {
        window.close();
    }
}

/// Plays a block in its window.
async fn play(
    block: Block,
    address: &str,
    windows: &mut BTreeMap<String, Pane>,
    names: &mut Names,
) {
    let pane = windows.entry(block.window.clone()).or_default();
    for line in block.lines {
        match line {
            Line::Shell(command) => {
                pane.run(&names.fill_in(&command).replace(ADDRESS, address)).await;
            }
            Line::Typed(text) => {
                let window = pane.wscat.as_mut();
                let window =
                    window.unwrap_or_else(|| panic!("no wscat in the window {}", block.window));
                window.type_line(&names.fill_in(&text));
            }
            Line::Comes(wanted) => {
                let what = format!("{} to show {wanted}; it shows:\n{}", block.window, pane.text());
                eventually(&what, async || {
                    let frames = pane.frames();
                    pane.used.resize(frames.len(), false);
                    let found = (0..frames.len())
                        .find(|&at| !pane.used[at] && names.matches(&wanted, &frames[at]))?;
                    pane.used[found] = true;
                    Some(())
                })
                .await;
            }
        }
    }
}
