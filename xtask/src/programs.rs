//! Building the programs that benches, chaos and checks run.

use std::{
    env,
    path::PathBuf,
    process::{Command, Stdio},
};

use anyhow::ensure;

use crate::workspace_root;

/// Builds a program as users run it, and says where it is.
pub(crate) fn released(program: &str) -> anyhow::Result<PathBuf> {
    Ok(build(&["--release", "--package", program])?.join("release").join(program))
}

/// Builds a program for this machine alone, and says where it is.
pub(crate) fn built(program: &str) -> anyhow::Result<PathBuf> {
    Ok(build(&["--package", program])?.join("debug").join(program))
}

/// Builds all programs as the tests do, whose libraries they share, and says in which folder they are.
pub(crate) fn for_tests() -> anyhow::Result<PathBuf> {
    Ok(build(&["--workspace", "--bins"])?.join("debug"))
}

/// Returns the target folder.
fn build(what: &[&str]) -> anyhow::Result<PathBuf> {
    let root = workspace_root()?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let built = cargo.current_dir(&root).arg("build").args(what).stdin(Stdio::null()).status()?;
    ensure!(built.success(), "cargo build {} failed", what.join(" "));
    Ok(env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from))
}
