//! The crate map in `docs/ARCHITECTURE.md` names exactly the crates that there are.

use std::collections::BTreeSet;

use super::{
    Violation,
    workspace::{ARCHITECTURE, Workspace},
};

const HEADING: &str = "## Crate map";

pub(super) fn check(workspace: &Workspace) -> Vec<Violation> {
    let map = names(&workspace.architecture);
    let members: BTreeSet<&str> = workspace.members.iter().map(|member| member.name.as_str()).collect();
    let violation = |name: &&str, rule: &str| Violation::new(name, format!("{rule} under `{HEADING}`"), ARCHITECTURE);
    let missing = members.difference(&map).map(|name| violation(name, "is missing from the table"));
    let unknown =
        map.difference(&members).map(|name| violation(name, "is no crate of this workspace, but stands in the table"));
    missing.chain(unknown).collect()
}

/// The names in backticks that begin the rows of the map's table.
fn names(architecture: &str) -> BTreeSet<&str> {
    let section = architecture.lines().skip_while(|line| line.trim_end() != HEADING).skip(1);
    let section = section.take_while(|line| !line.starts_with("## "));
    section.filter_map(|line| line.strip_prefix('|')?.trim_start().strip_prefix('`')?.split('`').next()).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::workspace::Member, *};

    fn lines(members: &[&str], architecture: &str) -> Vec<String> {
        let members = members.iter().map(|name| Member { name: (*name).to_owned(), ..Member::default() }).collect();
        let workspace = Workspace { members, architecture: architecture.to_owned(), ..Workspace::default() };
        check(&workspace).iter().map(Violation::to_string).collect()
    }

    const MAP: &str = "# Architecture\n\n| `not-here` | another table |\n\n## Crate map\n\nIn words.\n\n\
        | Crate | Job |\n| --- | --- |\n| `obs-model` | the vocabulary of `obs-store` |\n| `xtask` | tasks |\n\n\
        ## Data flow\n\n| `nor-here` | another |\n";

    #[test]
    fn a_map_of_exactly_the_members_is_tidy() {
        assert_eq!(lines(&["xtask", "obs-model"], MAP), Vec::<String>::new());
    }

    #[test]
    fn a_crate_without_a_row_and_a_row_without_a_crate_are_named() {
        assert_eq!(
            lines(&["obs-model", "obs-kis"], MAP),
            [
                "obs-kis: is missing from the table under `## Crate map` (docs/ARCHITECTURE.md)",
                "xtask: is no crate of this workspace, but stands in the table under `## Crate map` (docs/ARCHITECTURE.md)"
            ]
        );
    }

    #[test]
    fn without_a_map_every_crate_is_missing() {
        assert_eq!(lines(&["obs-model", "xtask"], "").len(), 2);
    }
}
