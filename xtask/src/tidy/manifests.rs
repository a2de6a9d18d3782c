//! One list of versions and one table of lints, which every member inherits.

use toml::{Table, Value};

use super::{
    Violation,
    workspace::{Member, Workspace},
};

pub(super) fn check(workspace: &Workspace) -> Vec<Violation> {
    let members = workspace.members.iter().flat_map(check_member);
    members.chain(check_version_list(&workspace.manifest)).collect()
}

fn check_member(member: &Member) -> Vec<Violation> {
    let violation = |rule: String| Violation::new(&member.name, rule, member.manifest_path());
    let manifest: Table = match member.manifest.parse() {
        Ok(manifest) => manifest,
        Err(_) => return vec![violation("is not a manifest that tidy can read".to_owned())],
    };
    let inherits = |table: Option<&Value>, key: &str| table.and_then(|table| table.get(key)).is_some_and(is_inherited);
    let mut rules = Vec::new();
    if !manifest.get("lints").is_some_and(is_inherited) {
        rules.push("does not say `lints.workspace = true`".to_owned());
    }
    if !inherits(manifest.get("package"), "version") {
        rules.push("does not say `version.workspace = true`".to_owned());
    }
    for (dependency, value) in dependencies(&manifest) {
        if !is_inherited(value) {
            rules.push(format!("has its own version of {dependency} instead of `{dependency}.workspace = true`"));
        }
    }
    rules.into_iter().map(violation).collect()
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

/// Dependencies of every kind, for every platform.
fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    let platforms = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let tables = std::iter::once(manifest).chain(platforms.filter_map(|(_, platform)| platform.as_table()));
    tables
        .flat_map(|table| ["dependencies", "dev-dependencies", "build-dependencies"].map(|kind| table.get(kind)))
        .flatten()
        .filter_map(Value::as_table)
        .flatten()
}

/// Every outside crate in the workspace's list says in its line what it is for.
fn check_version_list(manifest: &str) -> Vec<Violation> {
    let list = manifest.lines().skip_while(|line| line.trim() != "[workspace.dependencies]").skip(1);
    let list = list.take_while(|line| !line.starts_with('['));
    list.filter_map(|line| {
        let (dependency, value) = line.split_once(" = ").filter(|(name, _)| !name.starts_with('#'))?;
        let is_ours = value.trim_start().starts_with("{ path = ");
        let purpose = value.rsplit_once('#').map_or("", |(_, purpose)| purpose.trim());
        let rule = format!("does not say in a comment what {dependency} is for");
        (!is_ours && purpose.is_empty()).then(|| Violation::new("workspace", rule, "Cargo.toml"))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(member: &str, workspace: &str) -> Vec<String> {
        let member = Member {
            name: "obs-model".to_owned(),
            folder: "crates/obs-model".to_owned(),
            manifest: member.to_owned(),
            ..Member::default()
        };
        let workspace = Workspace { members: vec![member], manifest: workspace.to_owned(), ..Workspace::default() };
        check(&workspace).iter().map(Violation::to_string).collect()
    }

    const GOOD: &str = "[package]\nname = \"obs-model\"\nversion.workspace = true\n\
        [dependencies]\nserde.workspace = true\nchrono = { workspace = true, features = [\"serde\"] }\n\
        [lints]\nworkspace = true\n";

    #[test]
    fn a_member_that_inherits_everything_is_tidy() {
        assert_eq!(lines(GOOD, ""), Vec::<String>::new());
    }

    #[test]
    fn lints_and_version_are_inherited() {
        assert_eq!(
            lines("[package]\nname = \"obs-model\"\nversion = \"0.1.0\"\n[lints]\nrust = {}\n", ""),
            [
                "obs-model: does not say `lints.workspace = true` (crates/obs-model/Cargo.toml)",
                "obs-model: does not say `version.workspace = true` (crates/obs-model/Cargo.toml)"
            ]
        );
    }

    #[test]
    fn versions_stand_in_the_workspaces_list_only() {
        let own = format!(
            "{GOOD}[dev-dependencies]\nrand = \"0.10\"\n[build-dependencies]\ncc = {{ version = \"1\" }}\n\
             [target.'cfg(unix)'.dependencies]\nlibc = {{ git = \"https://example.org/libc\" }}\n"
        );
        assert_eq!(
            lines(&own, ""),
            ["rand", "cc", "libc"].map(|name| format!(
                "obs-model: has its own version of {name} instead of `{name}.workspace = true` (crates/obs-model/Cargo.toml)"
            ))
        );
    }

    #[test]
    fn every_outside_crate_says_what_it_is_for() {
        let list = "[workspace.package]\nversion = \"0.1.0\"\n[workspace.dependencies]\n# Outside:\n\
            serde = { version = \"1\" } # written forms\nrand = \"0.10\"\nurl = \"2\" #\n\n\
            obs-model = { path = \"crates/obs-model\" }\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\n";
        assert_eq!(
            lines(GOOD, list),
            ["rand", "url"].map(|name| format!("workspace: does not say in a comment what {name} is for (Cargo.toml)"))
        );
    }
}
