//! Invariants 3 and 6: what sources may not mention outside their tests.

use super::{
    Violation,
    dependencies::PURE,
    words::Words,
    workspace::{Member, Source, Workspace},
};

/// What a pure crate takes as an argument instead.
const OUTSIDE_WORLD: [&str; 7] =
    ["Utc::now", "Local::now", "SystemTime::now", "Instant::now", "std::fs", "std::net", "std::env"];
/// What is left to programs.
const SURROUNDINGS: [&str; 10] =
    ["env::var", "env::var_os", "env::vars", "env::vars_os", "env::*", "print!", "println!", "eprint!", "eprintln!", "dbg!"];
/// It is for tests only, and has to find a server there.
const EXEMPT: &str = "obs-testkit";

pub(super) fn check(workspace: &Workspace) -> Vec<Violation> {
    workspace.members.iter().filter(|member| member.is_in("crates")).flat_map(check_member).collect()
}

fn check_member(member: &Member) -> Vec<Violation> {
    let mut violations = Vec::new();
    let mut read: Vec<(&Source, Words)> = Vec::new();
    for source in &member.sources {
        match Words::of(&source.text) {
            Some(words) => read.push((source, words)),
            None => violations.push(Violation::new(&member.name, "is not Rust that tidy can read", &source.path)),
        }
    }
    let only_for_tests: Vec<String> = read.iter().flat_map(|(source, words)| test_files(source, words)).collect();
    for (source, words) in &read {
        if only_for_tests
            .iter()
            .any(|test| source.path == format!("{test}.rs") || source.path.starts_with(&format!("{test}/")))
        {
            continue;
        }
        let mut forbid = |forbidden: &[&str], rule: &str| {
            for word in forbidden.iter().filter(|word| words.mention(word)) {
                violations.push(Violation::new(&member.name, format!("mentions {word}: {rule}"), &source.path));
            }
        };
        if PURE.contains(&member.name.as_str()) {
            forbid(&OUTSIDE_WORLD, "invariant 3, no I/O and no clock");
        }
        if member.name != EXEMPT {
            forbid(&SURROUNDINGS, "invariant 6, only programs read the environment and print");
        }
    }
    violations
}

/// The files of the modules that `source` declares for tests only, without `.rs`.
fn test_files(source: &Source, words: &Words) -> Vec<String> {
    let stem = source.path.trim_end_matches(".rs");
    let (parent, name) = stem.rsplit_once('/').unwrap_or(("", stem));
    let folder = if matches!(name, "lib" | "main" | "mod") { parent } else { stem };
    words.test_modules.iter().map(|module| format!("{folder}/{module}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(name: &str, sources: &[(&str, &str)]) -> Vec<String> {
        let folder = format!("crates/{name}");
        let sources = sources
            .iter()
            .map(|(file, text)| Source { path: format!("{folder}/src/{file}"), text: (*text).to_owned() })
            .collect();
        let member = Member { name: name.to_owned(), folder, sources, ..Member::default() };
        check(&Workspace { members: vec![member], ..Workspace::default() }).iter().map(Violation::to_string).collect()
    }

    #[test]
    fn a_pure_crate_reads_no_clock_and_no_file() {
        let text = "use std::{fs, time::Instant}; fn f() { chrono::Utc::now(); Instant::now(); }";
        assert_eq!(
            lines("obs-aggregate", &[("lib.rs", text)]),
            ["Utc::now", "Instant::now", "std::fs"].map(|word| format!(
                "obs-aggregate: mentions {word}: invariant 3, no I/O and no clock (crates/obs-aggregate/src/lib.rs)"
            ))
        );
        assert_eq!(lines("obs-archive", &[("lib.rs", text)]), Vec::<String>::new());
    }

    #[test]
    fn a_library_reads_no_environment_and_does_not_print() {
        let text = "use std::env; fn f() { eprintln!(\"{:?}\", env::var_os(\"A\")); }";
        assert_eq!(
            lines("obs-pipeline", &[("record/mod.rs", text)]),
            ["env::var_os", "eprintln!"].map(|word| format!(
                "obs-pipeline: mentions {word}: invariant 6, only programs read the environment and print \
                 (crates/obs-pipeline/src/record/mod.rs)"
            ))
        );
        assert_eq!(lines("obs-testkit", &[("lib.rs", text)]), Vec::<String>::new());
    }

    #[test]
    fn tests_may_print_in_the_same_file_and_in_files_of_their_own() {
        let sources = [
            ("lib.rs", "mod price; #[cfg(test)] mod fixtures;"),
            ("fixtures.rs", "fn f() { println!(); }"),
            ("price.rs", "#[cfg(test)] mod tests { fn f() { println!(); } } #[cfg(test)] mod more;"),
            ("price/more.rs", "fn f() { println!(); }"),
        ];
        assert_eq!(lines("obs-model", &sources), Vec::<String>::new());
        assert_eq!(lines("obs-model", &sources[1..]).len(), 1);
    }

    #[test]
    fn a_file_that_is_not_rust_is_not_passed_over() {
        assert_eq!(
            lines("obs-model", &[("lib.rs", "fn f() {")]),
            ["obs-model: is not Rust that tidy can read (crates/obs-model/src/lib.rs)"]
        );
    }
}
