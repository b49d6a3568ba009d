//! What the house keeps: who may import whom, and who may name what. ARCHITECTURE.md says why.

#![expect(clippy::unwrap_used, reason = "all of it is test code: a failure is a panic")]

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

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The shipped sources of these folders that contain the text.
fn naming(text: &str, folders: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for folder in folders {
        sources(&root().join(folder), &mut found);
    }
    assert!(found.len() > 5, "no sources found in {folders:?}");
    let shipped = found.into_iter().filter(|path| {
        let path = path.display().to_string();
        !path.contains("/tests/") && !path.ends_with("/tests.rs")
    });
    let naming = shipped.filter(|path| std::fs::read_to_string(path).unwrap().contains(text));
    naming.map(|path| path.strip_prefix(root()).unwrap().display().to_string()).collect()
}

#[test]
fn imports_run_downwards_only() {
    let packages = packages();
    let folder = |name: &str| packages.get(name).map(|(folder, _)| folder.as_str());
    let mut wrong = Vec::new();
    for (name, (from, dependencies)) in &packages {
        for dependency in dependencies {
            let Some(to) = folder(dependency) else { continue };
            let upwards = to.starts_with("functions/") && from.starts_with("shared/");
            let sideways = to.starts_with("functions/") && from.starts_with("functions/");
            let host = to == "infra/host" && from != "infra/local" && from != "tests/support";
            let program = to == "infra/local";
            let pure = from == "shared/domain";
            let beside = matches!(from.as_str(), "shared/store" | "shared/protocol")
                && to != "shared/domain";
            if upwards || sideways || host || program || pure || beside {
                wrong.push(format!("{name} imports {dependency}"));
            }
        }
    }
    assert!(packages.len() > 10 && wrong.is_empty(), "{wrong:?}");
}

#[test]
fn each_outside_name_has_its_place() {
    let may_name = [
        ("aws_sdk_", &["shared/store", "shared/delivery", "shared/runtime"][..]),
        ("aws_lambda_events", &["functions"]),
        ("env::var", &["shared/runtime"]),
        ("lambda_runtime", &["shared/runtime"]),
    ];
    for (text, places) in may_name {
        let elsewhere = naming(text, &["shared", "functions"])
            .into_iter()
            .filter(|path| !places.iter().any(|place| path.starts_with(place)));
        assert_eq!(elsewhere.collect::<Vec<_>>(), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn no_table_is_scanned() {
    assert_eq!(naming(".scan()", &["shared", "functions"]), Vec::<String>::new());
}

#[test]
fn each_function_starts_in_ten_lines() {
    for function in std::fs::read_dir(root().join("functions")).unwrap() {
        let main = function.unwrap().path().join("src/main.rs");
        let lines = std::fs::read_to_string(&main).unwrap().lines().count();
        assert!(lines <= 10, "{} has {lines} lines", main.display());
    }
}
