//! The sessions of the README and of the examples, read so that they and the test of them cannot drift.
//!
//! A session is made of fenced blocks that are marked `console` and the name of a window. In
//! them, `$ ` is a shell's line, `wscat` or `curl`, `> ` is typed into `wscat`, and `< ` is what must come
//! back, in which `...` stands for anything and `<name>` for a value that later lines use.

use std::collections::BTreeMap;
use std::fs::DirEntry;
use std::path::{Path, PathBuf};

/// One fenced block: what happens in one window until it is another's turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The window it happens in.
    pub window: String,
    /// Its lines, in order.
    pub lines: Vec<Line>,
}

/// A line of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Typed into a shell.
    Shell(String),
    /// Typed into `wscat`.
    Typed(String),
    /// A frame that must come.
    Comes(String),
}

/// The session of the project's README.
pub fn session() -> Vec<Block> {
    read(&project().join("README.md"))
}

/// The sessions of the project's examples, by the names of their files.
pub fn examples() -> BTreeMap<String, Vec<Block>> {
    let files = std::fs::read_dir(project().join("docs/examples")).unwrap();
    let example = |file: std::io::Result<DirEntry>| {
        let path = file.unwrap().path();
        let blocks = (path.extension()? == "md").then(|| read(&path))?;
        Some((path.file_name()?.to_string_lossy().into_owned(), blocks))
    };
    files.filter_map(example).filter(|(_, blocks)| !blocks.is_empty()).collect()
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(page: &Path) -> Vec<Block> {
    parse(&std::fs::read_to_string(page).unwrap())
}

/// All blocks of a session in a Markdown text.
pub fn parse(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for line in markdown.lines() {
        if let Some(block) = &mut open {
            if line.trim_end() == "```" {
                blocks.extend(open.take());
            } else {
                block.lines.push(parse_line(line));
            }
        } else if let Some(window) = line.strip_prefix("```console ") {
            open = Some(Block { window: window.trim().to_owned(), lines: Vec::new() });
        }
    }
    assert!(open.is_none(), "a block of the session is not closed");
    blocks
}

fn parse_line(line: &str) -> Line {
    let text = |line: &str| line[2..].to_owned();
    match line.get(..2) {
        Some("$ ") => Line::Shell(text(line)),
        Some("> ") => Line::Typed(text(line)),
        Some("< ") => Line::Comes(text(line)),
        _ => panic!("a line of the session begins with neither $, > nor <: {line}"),
    }
}

/// The values that the session named so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(BTreeMap<String, String>);

impl Names {
    /// Puts the values in place of their names.
    pub fn fill_in(&self, line: &str) -> String {
        let fill = |line: String, (name, value): (&String, &String)| {
            line.replace(&format!("<{name}>"), value)
        };
        self.0.iter().fold(line.to_owned(), fill)
    }

    /// Whether a frame is what a line wants; if so, learns the values that the line names.
    pub fn matches(&mut self, wanted: &str, frame: &str) -> bool {
        match_from(&self.fill_in(wanted), frame, &self.0).is_some_and(|learned| {
            self.0 = learned;
            true
        })
    }
}

fn match_from(
    wanted: &str,
    frame: &str,
    known: &BTreeMap<String, String>,
) -> Option<BTreeMap<String, String>> {
    if let Some(rest) = wanted.strip_prefix("...") {
        let mut tails = frame.char_indices().map(|(at, _)| &frame[at..]).chain([""]);
        return tails.find_map(|tail| match_from(rest, tail, known));
    }
    if let Some((name, rest)) = wanted.strip_prefix('<').and_then(|wanted| wanted.split_once('>')) {
        let (value, tail) = frame.split_at(frame.find('"').unwrap_or(frame.len()));
        let mut learned = known.clone();
        learned.insert(name.to_owned(), value.to_owned());
        return match_from(rest, tail, &learned);
    }
    match (wanted.chars().next(), frame.chars().next()) {
        (None, None) => Some(known.clone()),
        (Some(one), Some(other)) if one == other => {
            match_from(&wanted[one.len_utf8()..], &frame[other.len_utf8()..], known)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_windows_are_read_and_others_left() {
        let text = "```console alice\n$ wscat\n> {}\n< {...}\n```\n```sh\nls\n```\n";
        let lines = vec![
            Line::Shell("wscat".into()),
            Line::Typed("{}".into()),
            Line::Comes("{...}".into()),
        ];
        assert_eq!(parse(text), [Block { window: "alice".into(), lines }]);
    }

    #[test]
    fn dots_stand_for_anything_and_names_are_learned() {
        let mut names = Names::default();
        assert!(names.matches(r#"{"id":"<it>",...}"#, r#"{"id":"b1","free":0}"#));
        assert_eq!(names.fill_in("confirm <it>"), "confirm b1");
        assert!(!names.matches(r#"{"id":"<it>"}"#, r#"{"id":"b2"}"#));
        assert!(!names.matches(r#"{"free":1...}"#, r#"{"free":2}"#));
    }
}
