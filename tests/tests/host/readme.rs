//! The sessions of the README and of the examples, typed as they stand.

use crate::skipped;
use e2e::Host;
use e2e::readme::{Block, Line, Names, examples, session};
use e2e::wait::eventually;
use e2e::wscat::Window;
use std::collections::BTreeMap;

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
    assert!(examples.len() >= 8, "{:?}", examples.keys());
    let host = Host::start(&[]);
    for (page, session) in examples {
        println!("{page}");
        play_all(session, &host).await;
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
    for (window, _) in windows.into_values() {
        window.close();
    }
}

/// Plays a block in its window. Beside each window stands which of its frames were accounted for.
async fn play(
    block: Block,
    address: &str,
    windows: &mut BTreeMap<String, (Window, Vec<bool>)>,
    names: &mut Names,
) {
    for line in block.lines {
        if let Line::Shell(command) = &line {
            let window = Window::open(&command.replace(ADDRESS, address)).await;
            windows.insert(block.window.clone(), (window, vec![]));
            continue;
        }
        let (window, used) = windows
            .get_mut(&block.window)
            .unwrap_or_else(|| panic!("the window {} was never opened", block.window));
        match line {
            Line::Shell(_) => {}
            Line::Typed(text) => window.type_line(&names.fill_in(&text)),
            Line::Comes(wanted) => {
                let what =
                    format!("{} to show {wanted}; it shows:\n{}", block.window, window.text());
                eventually(&what, async || {
                    let frames = window.frames();
                    used.resize(frames.len(), false);
                    let found = (0..frames.len())
                        .find(|&at| !used[at] && names.matches(&wanted, &frames[at]))?;
                    used[found] = true;
                    Some(())
                })
                .await;
            }
        }
    }
}
