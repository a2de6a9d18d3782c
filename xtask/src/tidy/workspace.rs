//! What the checks look at: gathered once, and small enough to make up in tests.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::Context;
use cargo_metadata::{DependencyKind, MetadataCommand, PackageId};

/// Where `docs/ARCHITECTURE.md` lies.
pub(super) const ARCHITECTURE: &str = "docs/ARCHITECTURE.md";

/// The workspace as the checks see it.
#[derive(Default)]
pub(super) struct Workspace {
    pub(super) members: Vec<Member>,
    /// What each package, members and outside crates alike, is built with: its normal dependencies. Keys are `name@version`;
    /// a plain name will do.
    pub(super) builds_with: BTreeMap<String, BTreeSet<String>>,
    /// The text of the workspace's manifest.
    pub(super) manifest: String,
    /// The text of `docs/ARCHITECTURE.md`; empty if it is missing.
    pub(super) architecture: String,
}

/// A crate of the workspace.
#[derive(Default)]
pub(super) struct Member {
    pub(super) name: String,
    /// From the root, such as `crates/obs-model`.
    pub(super) folder: String,
    /// The text of its manifest.
    pub(super) manifest: String,
    pub(super) dependencies: Vec<Dependency>,
    /// The files below its `src`.
    pub(super) sources: Vec<Source>,
}

/// A direct dependency.
pub(super) struct Dependency {
    pub(super) name: String,
    /// Only for tests and examples.
    pub(super) is_dev: bool,
}

/// A file with Rust in it.
pub(super) struct Source {
    /// From the root, such as `crates/obs-model/src/lib.rs`.
    pub(super) path: String,
    pub(super) text: String,
}

impl Workspace {
    /// Asks cargo, and reads the manifests and sources.
    ///
    /// # Errors
    /// If cargo refuses the workspace, or a file cannot be read.
    pub(super) fn read(root: &Path) -> anyhow::Result<Self> {
        let metadata = MetadataCommand::new().manifest_path(root.join("Cargo.toml")).exec()?;
        let resolve = metadata.resolve.as_ref().context("cargo metadata gave no dependency graph")?;
        let names: BTreeMap<&PackageId, String> =
            metadata.packages.iter().map(|package| (&package.id, format!("{}@{}", package.name, package.version))).collect();
        let name_of = |id: &PackageId| names.get(id).cloned().unwrap_or_else(|| id.to_string());
        let builds_with = resolve.nodes.iter().map(|node| {
            let normal = node.deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
            (name_of(&node.id), normal.map(|dep| name_of(&dep.pkg)).collect())
        });

        let mut members = Vec::new();
        for package in metadata.workspace_packages() {
            let folder = package.manifest_path.parent().context("a manifest lies in no folder")?;
            let mut sources = Vec::new();
            read_sources(root, folder.join("src").as_std_path(), &mut sources)?;
            let dependencies = package.dependencies.iter().map(|dependency| Dependency {
                name: dependency.name.clone(),
                is_dev: dependency.kind == DependencyKind::Development,
            });
            members.push(Member {
                name: package.name.to_string(),
                folder: relative(root, folder.as_std_path()),
                manifest: read(package.manifest_path.as_std_path())?,
                dependencies: dependencies.collect(),
                sources,
            });
        }
        Ok(Self {
            members,
            builds_with: builds_with.collect(),
            manifest: read(&root.join("Cargo.toml"))?,
            architecture: fs::read_to_string(root.join(ARCHITECTURE)).unwrap_or_default(),
        })
    }
}

impl Member {
    pub(super) fn is_in(&self, folder: &str) -> bool {
        self.folder.split('/').next() == Some(folder)
    }

    pub(super) fn manifest_path(&self) -> String {
        format!("{}/Cargo.toml", self.folder)
    }
}

fn read_sources(root: &Path, folder: &Path, sources: &mut Vec<Source>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            read_sources(root, &path, sources)?;
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            sources.push(Source { path: relative(root, &path), text: read(&path)? });
        }
    }
    Ok(())
}

fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().into_owned()
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
}
