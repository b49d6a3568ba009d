//! Variants of the stack's template.

use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A changed template in a file of its own.
#[derive(Debug)]
pub struct Variant {
    folder: TempDir,
}

impl Variant {
    /// The checked-in template after a change.
    pub fn edited(change: impl FnOnce(&mut Value)) -> Self {
        let mut template = checked_in();
        change(&mut template);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("template.json"), template.to_string()).unwrap();
        Self { folder }
    }

    /// What the CDK app synthesizes with these context values, just as it comes out.
    pub fn synthesized(context: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut synth = Command::new("npx");
        synth.current_dir(cdk_folder()).args(["cdk", "synth", "--quiet", "--output"]);
        synth.arg(folder.path());
        for setting in context {
            synth.args(["-c", setting]);
        }
        let output = synth.output().expect("npx, which the CDK app needs, does not start");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let is_template = |path: &PathBuf| path.to_string_lossy().ends_with(".template.json");
        let mut files = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
        let synthesized = files.find(is_template).expect("cdk synth wrote no template");
        std::fs::rename(synthesized, folder.path().join("template.json")).unwrap();
        Self { folder }
    }

    /// Where it is.
    pub fn path(&self) -> String {
        self.folder.path().join("template.json").to_string_lossy().into_owned()
    }
}

/// The template as `npm run snapshot` left it.
pub fn checked_in() -> Value {
    let text = std::fs::read_to_string(cdk_folder().join("template.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// All functions of this stack.
pub fn functions(template: &mut Value) -> impl Iterator<Item = &mut Value> {
    let resources = template["Resources"].as_object_mut().unwrap().values_mut();
    resources.filter(|it| it["Type"] == "AWS::Lambda::Function")
}

/// The logical id and the resource of the function with this handler.
pub fn function<'a>(template: &'a mut Value, handler: &str) -> &'a mut Value {
    let resources = template["Resources"].as_object_mut().unwrap();
    resources
        .values_mut()
        .find(|it| it["Type"] == "AWS::Lambda::Function" && it["Properties"]["Handler"] == handler)
        .unwrap_or_else(|| panic!("no function {handler} in the template"))
}

/// The first resource of this type.
pub fn of_type<'a>(template: &'a mut Value, kind: &str) -> &'a mut Value {
    let resources = template["Resources"].as_object_mut().unwrap();
    resources
        .values_mut()
        .find(|it| it["Type"] == kind)
        .unwrap_or_else(|| panic!("no {kind} in the template"))
}

fn cdk_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra/cdk")
}
