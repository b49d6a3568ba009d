//! Mutants of the product, which the proofs must notice (`tests/prove/mutants`): a patch that has stopped to
//! apply is a mutant that nobody tries any more.

use super::root;
use std::path::PathBuf;
use std::process::Command;

#[test]
fn every_mutant_applies() {
    let folder = root().join("tests/prove/mutants");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let patches: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|it| it == "patch")).collect();
    assert!(!patches.is_empty(), "the patches are elsewhere now");
    let mut wrong = Vec::new();
    for patch in &patches {
        // To the working tree, as it is; it stays so.
        let mut check = Command::new("git");
        let check = check.args(["apply", "--check"]).arg(patch).current_dir(root());
        let checked = check.output().unwrap();
        if !checked.status.success() {
            wrong.push(String::from_utf8_lossy(&checked.stderr).into_owned());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.concat());
}
