//! `cargo xtask tidy`: the rules of `docs/ARCHITECTURE.md` that the compiler does not know.

use std::{fmt, path::Path, process::ExitCode};

use crate::workspace_root;

mod crate_map;
mod dependencies;
mod manifests;
mod sources;
mod words;
mod workspace;

use workspace::Workspace;

/// A broken rule, in one line.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    /// The crate that breaks it.
    member: String,
    /// What is wrong, as the rest of a sentence about the crate.
    rule: String,
    /// Where to mend it, from the root of the workspace.
    file: String,
}

/// Prints every violation.
///
/// # Errors
/// If the workspace cannot be read.
pub fn run() -> anyhow::Result<ExitCode> {
    let violations = violations(&workspace_root()?)?;
    for violation in &violations {
        eprintln!("{violation}");
    }
    Ok(if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn violations(root: &Path) -> anyhow::Result<Vec<Violation>> {
    let workspace = Workspace::read(root)?;
    let mut violations = Vec::new();
    violations.extend(dependencies::check(&workspace));
    violations.extend(sources::check(&workspace));
    violations.extend(manifests::check(&workspace));
    violations.extend(crate_map::check(&workspace));
    violations.sort();
    Ok(violations)
}

impl Violation {
    fn new(member: &str, rule: impl Into<String>, file: impl Into<String>) -> Self {
        Self { member: member.to_owned(), rule: rule.into(), file: file.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.member, self.rule, self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_tidy() {
        let violations = violations(&workspace_root().unwrap()).unwrap();
        let lines: Vec<String> = violations.iter().map(Violation::to_string).collect();
        assert!(lines.is_empty(), "\n{}", lines.join("\n"));
    }

    #[test]
    fn a_violation_is_one_line_with_crate_rule_and_file() {
        let violation = Violation::new("obs-model", "reaches tokio", "crates/obs-model/Cargo.toml");
        assert_eq!(violation.to_string(), "obs-model: reaches tokio (crates/obs-model/Cargo.toml)");
    }
}
