//! Modules of a package do not import each other in circles: whoever reads one has the others to read
//! that it stands on, and no more. A folder is one module to those outside of it, and a file may name
//! what the files above it in the tree say to all of them.

use crate::root;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module of a package, by the names that lead to it.
type Module = Vec<String>;

/// Which module imports which, of those side by side in one folder.
type Imports = BTreeSet<(Module, Module)>;

#[test]
fn no_modules_import_each_other() {
    let sources = ["shared", "functions", "infra"].map(|folder| root().join(folder));
    let packages = sources.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let packages = packages.map(|entry| entry.unwrap().path().join("src"));
    let (mut read, mut circles) = (0, Vec::new());
    for package in packages.filter(|package| package.is_dir()) {
        let imports = imports(&package);
        read += imports.len();
        circles.extend(in_circles(imports));
    }
    assert!(read > 200, "only {read} imports were found");
    assert!(circles.is_empty(), "these import each other: {circles:#?}");
}

/// A circle of three is found, with what imports nothing of it left out.
#[test]
fn a_circle_is_found() {
    let module = |name: &str| vec![name.to_owned()];
    let imports = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("e", "a")];
    let circle = in_circles(imports.map(|(from, to)| (module(from), module(to))).into());
    assert_eq!(circle.len(), 3, "{circle:?}");
}

/// What is left when modules that import none of the rest, or that none of the rest imports, have gone.
fn in_circles(mut imports: Imports) -> Imports {
    loop {
        let from: BTreeSet<Module> = imports.iter().map(|(from, _)| from.clone()).collect();
        let to: BTreeSet<Module> = imports.iter().map(|(_, to)| to.clone()).collect();
        let before = imports.len();
        imports.retain(|(one, other)| from.contains(other) && to.contains(one));
        if imports.len() == before {
            return imports;
        }
    }
}

fn imports(package: &Path) -> Imports {
    let files = files(package);
    let shown: BTreeMap<Module, Module> = files.iter().flat_map(shown_again).collect();
    let mut imports = Imports::new();
    for (module, text) in &files {
        for path in paths(module, text) {
            let mut target = path;
            if let Some(origin) = shown.get(&target) {
                target.clone_from(origin);
            }
            while !files.contains_key(&target) {
                target.pop();
            }
            let same = module.iter().zip(&target).take_while(|(one, other)| one == other).count();
            if same < module.len() && same < target.len() {
                imports.insert((module[..=same].to_vec(), target[..=same].to_vec()));
            }
        }
    }
    imports
}

/// Every file of a package without its comments and its unit tests, by the module that it is.
fn files(package: &Path) -> BTreeMap<Module, String> {
    let mut files = BTreeMap::new();
    let mut folders = vec![package.to_owned()];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap().lines();
                let code: Vec<&str> = code.filter(|it| !it.trim().starts_with("//")).collect();
                files.insert(module(path.strip_prefix(package).unwrap()), code.join("\n"));
            }
        }
    }
    files.entry(Module::new()).or_default();
    files
}

fn module(file: &Path) -> Module {
    let path = PathBuf::from(file).with_extension("");
    let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
    names.filter(|name| !matches!(name.as_str(), "lib" | "main" | "mod")).collect()
}

/// What a module shows of the modules below it, as if it were its own: the name, and where it is.
fn shown_again((module, text): (&Module, &String)) -> Vec<(Module, Module)> {
    let statements = text.split("pub use ").skip(1);
    let paths = statements.flat_map(|rest| {
        let path = rest.split(';').next().unwrap();
        let path = path.strip_prefix("crate::").unwrap_or(path);
        expanded(module, path)
    });
    let own = |path: Module| ([module.as_slice(), &path[path.len() - 1..]].concat(), path);
    paths.filter(|path| path.len() > module.len() + 1).map(own).collect()
}

/// Every path into the package that a module's text names.
fn paths(module: &Module, text: &str) -> Vec<Module> {
    let mut paths = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        paths.extend(expanded(&[], &text[at + "crate::".len()..]));
    }
    for (at, _) in text.match_indices("super::") {
        let mut rest = &text[at + "super::".len()..];
        let mut base = &module[..module.len().saturating_sub(1)];
        while let Some(further) = rest.strip_prefix("super::") {
            rest = further;
            base = &base[..base.len().saturating_sub(1)];
        }
        if !text[..at].ends_with("super::") {
            paths.extend(expanded(base, rest));
        }
    }
    paths
}

/// `a::b` below a module, or `a::{b, c}`, as one path for each name.
fn expanded(base: &[String], text: &str) -> Vec<Module> {
    let is_name = |it: char| it.is_alphanumeric() || it == '_';
    let mut path = base.to_vec();
    let mut rest = text;
    loop {
        if let Some(list) = rest.strip_prefix('{') {
            let names = list.split('}').next().unwrap().split(',').map(str::trim);
            let names = names.filter(|name| !name.is_empty());
            return names.flat_map(|name| expanded(&path, name)).collect();
        }
        let name = rest.split(|it| !is_name(it)).next().unwrap();
        path.push(name.to_owned());
        match rest[name.len()..].strip_prefix("::") {
            Some(further) => rest = further,
            None => return vec![path],
        }
    }
}
