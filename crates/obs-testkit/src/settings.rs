//! What the environment says about where a server may come from.

use std::{env, path::PathBuf};

pub(crate) const DATABASE_URL: &str = "OBS_TEST_DATABASE_URL";
pub(crate) const POSTGRES_IMAGE: &str = "OBS_TEST_POSTGRES_IMAGE";
const DEFAULT_IMAGE: &str = "postgres:15-alpine";
/// Where Debian and its kin keep one folder per major version, none of it on the path.
const DEBIAN_VERSIONS: &str = "/usr/lib/postgresql";

/// Where a server may come from.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// A server that already runs.
    pub(crate) database_url: Option<String>,
    /// The image for a container; `None` leaves Docker out.
    pub(crate) image: Option<String>,
    /// Folders that may hold PostgreSQL's programs.
    pub(crate) program_folders: Vec<PathBuf>,
}

impl Settings {
    /// Reads the environment.
    pub(crate) fn from_env() -> Self {
        let set = |name| env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            database_url: set(DATABASE_URL),
            image: Some(set(POSTGRES_IMAGE).unwrap_or_else(|| DEFAULT_IMAGE.to_owned())),
            program_folders: program_folders(),
        }
    }
}

fn program_folders() -> Vec<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let debian =
        std::fs::read_dir(DEBIAN_VERSIONS).into_iter().flatten().flatten().map(|version| version.path().join("bin"));
    env::split_paths(&path).chain(debian).collect()
}
