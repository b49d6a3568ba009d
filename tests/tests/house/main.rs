//! What the house keeps: who may import whom, and who may name what. ARCHITECTURE.md says why.

#![expect(clippy::unwrap_used, reason = "all of it is test code: a failure is a panic")]

mod circles;
mod mutants;

use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Every package of the workspace: its folder, and what it depends on outside its own tests.
fn packages() -> BTreeMap<String, (String, Vec<String>)> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let package = |package: &Value| {
        let manifest = PathBuf::from(text(&package["manifest_path"]));
        let folder = manifest.parent().unwrap().strip_prefix(root()).unwrap();
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        let shipped = dependencies.filter(|one| one["kind"] != "dev").map(|one| text(&one["name"]));
        (text(&package["name"]), (folder.display().to_string(), shipped.collect()))
    };
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

/// What each package may import of this workspace, outside its own tests.
const MAY_IMPORT: [(&str, &[&str]); 9] = [
    ("shared/domain", &[]),
    ("shared/protocol", &["domain"]),
    ("shared/store", &["domain"]),
    ("shared/identity", &["domain"]),
    ("shared/delivery", &["domain", "protocol", "store"]),
    ("shared/runtime", &[]),
    ("shared/requests", &["domain", "protocol", "store", "identity", "delivery", "runtime"]),
    ("infra/host", &[]),
    // The end to end tests know the system from outside only.
    ("tests", &[]),
];
/// The program that runs all of it, what is measured, and what only tests link.
const LINKS_ANYTHING: [&str; 4] = ["benches/size", "infra/local", "tests/prove", "tests/support"];
/// Functions may import anything shared, and nothing else.
const SHARED: [&str; 7] =
    ["domain", "protocol", "store", "identity", "delivery", "runtime", "requests"];

#[test]
fn imports_run_downwards_only() {
    let packages = packages();
    let mut wrong = Vec::new();
    let mut found = 0;
    for (name, (folder, dependencies)) in &packages {
        let ours: Vec<&str> = dependencies.iter().map(String::as_str).collect();
        let ours = ours.into_iter().filter(|it| packages.contains_key(*it));
        let allowed = match MAY_IMPORT.iter().find(|(at, _)| at == folder) {
            Some((_, allowed)) => allowed,
            None if folder.starts_with("functions/") => &SHARED[..],
            None if LINKS_ANYTHING.contains(&folder.as_str()) => continue,
            None => panic!("{folder} is new: say in MAY_IMPORT what it may import"),
        };
        found += 1;
        wrong.extend(
            ours.filter(|it| !allowed.contains(it)).map(|it| format!("{name} imports {it}")),
        );
    }
    assert!(found == packages.len() - LINKS_ANYTHING.len() && wrong.is_empty(), "{wrong:?}");
}

/// Packages from elsewhere that only some of ours may name.
const MAY_NAME: [(&str, &[&str]); 3] = [
    ("aws-sdk-", &["shared/store", "shared/delivery", "shared/runtime"]),
    ("aws_lambda_events", &["functions"]),
    ("lambda_runtime", &["shared/runtime"]),
];

#[test]
fn what_is_aws_has_its_place() {
    for (folder, dependencies) in packages().values() {
        for (name, places) in MAY_NAME {
            let named = dependencies.iter().any(|it| it.starts_with(name));
            let may =
                places.iter().any(|place| folder.starts_with(place)) || folder.starts_with("tests");
            assert!(may || !named, "{folder} depends on {name}");
        }
    }
}

#[test]
fn each_function_starts_in_ten_lines() {
    let folders = std::fs::read_dir(root().join("functions")).unwrap();
    for function in folders.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let main = function.join("src/main.rs");
        let lines = std::fs::read_to_string(&main).unwrap().lines().count();
        assert!(lines <= 10, "{} has {lines} lines", main.display());
    }
}
