//! A private cluster made by the machine's own PostgreSQL.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    os::unix::{
        self,
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, anyhow, bail};
use tempfile::TempDir;
use url::Url;

use crate::{
    server::{self, ADMIN},
    watchdog::Watchdog,
};

/// The oldest major version that Observer supports.
const OLDEST: u32 = 15;
const PROGRAMS: [&str; 2] = ["initdb", "pg_ctl"];
/// Who owns the cluster when we are root, whom `initdb` refuses: the first of these that the machine has.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];
/// A free port can be lost between finding and using it; so many losses in a row are no bad luck any more.
const ATTEMPTS: usize = 5;

/// Makes a cluster, says `ready`, waits, and leaves nothing behind. Being the parent of it all, it cleans up even after a
/// process that was killed while the cluster was in the making.
const CLUSTER: &str = r#"
programs=$1 folder=$2 admin=$3 options=$4
"$programs/initdb" --pgdata="$folder/data" --username="$admin" --pwfile="$folder/password" --auth=scram-sha-256 \
    --encoding=UTF8 --locale=C --no-sync --no-instructions >"$folder/log" 2>&1 </dev/null &&
"$programs/pg_ctl" --pgdata="$folder/data" --wait --timeout=60 --log="$folder/log" --options="$options" start \
    >>"$folder/log" 2>&1 </dev/null &&
echo ready
exec >/dev/null
cat
"$programs/pg_ctl" --pgdata="$folder/data" --wait --mode=immediate stop 2>&1 </dev/null
cd / && rm -rf "$folder"
"#;

/// The newest installation that will do, as the folder of its programs.
///
/// # Errors
/// If there is none.
pub(crate) fn find_programs(folders: &[PathBuf]) -> anyhow::Result<PathBuf> {
    folders
        .iter()
        .filter_map(|folder| {
            // What is on the path may be a link to a single program; its siblings are where it points.
            let folder = fs::canonicalize(folder.join(PROGRAMS[0])).ok()?.parent()?.to_owned();
            let version = version_of(&folder.join(PROGRAMS[0]))?;
            let complete = PROGRAMS.iter().all(|program| folder.join(program).is_file());
            (complete && version >= OLDEST).then_some((version, folder))
        })
        .max_by_key(|(version, _)| *version)
        .map(|(_, folder)| folder)
        .ok_or_else(|| anyhow!("no PostgreSQL {OLDEST} or newer is installed"))
}

/// Starts a cluster with the programs of `programs` and these settings, and returns its address and what will end it.
///
/// # Errors
/// If it does not start; the message ends with what the programs said.
pub(crate) async fn start(programs: &Path, settings: &[&str]) -> anyhow::Result<(Url, Watchdog)> {
    let mut attempt = 1;
    loop {
        let error = match start_on(free_port()?, programs, settings).await? {
            Ok(started) => return Ok(started),
            Err(Refusal { log }) if log.contains("could not create any TCP/IP sockets") && attempt < ATTEMPTS => {
                attempt += 1;
                continue;
            }
            Err(Refusal { log }) => log,
        };
        bail!("the PostgreSQL in {} did not start:\n{error}", programs.display());
    }
}

/// A cluster that did not start, and the end of its log.
struct Refusal {
    log: String,
}

async fn start_on(port: u16, programs: &Path, settings: &[&str]) -> anyhow::Result<Result<(Url, Watchdog), Refusal>> {
    let folder = tempfile::Builder::new().prefix("obs-pg-").tempdir().context("cannot make a folder for a cluster")?;
    let password = server::unique_name();
    let owner = prepare(&folder, &password).context("cannot prepare the folder of a cluster")?;

    let options = settings.iter().map(|setting| format!(" -c {setting}")).collect::<String>();
    let options = format!("-p {port} -c listen_addresses=127.0.0.1 -k '{}'{options}", folder.path().display());
    let (programs, place) = (programs.to_string_lossy(), folder.path().to_string_lossy());
    let mut watchdog = Watchdog::start(CLUSTER, &[&programs, &place, ADMIN, &options], |command| {
        // PGDATA, PGPORT and the rest of the caller's settings are about another server.
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LC_ALL", "C").env("TZ", "UTC").current_dir("/");
        if let Some((user, group)) = owner {
            command.uid(user).gid(group);
        }
    })
    .context("cannot run /bin/sh")?;
    // From here on the folder is the watchdog's.
    let folder = folder.keep();

    let output = watchdog.take_output().context("the output of a new process is missing")?;
    let said = tokio::task::spawn_blocking(output).await?.context("cannot read from /bin/sh")?;
    if said.trim() != "ready" {
        let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
        return Ok(Err(Refusal { log }));
    }
    Ok(Ok((server::address(&Ipv4Addr::LOCALHOST.to_string(), port, &password)?, watchdog)))
}

/// Puts the password in place and gives the folder to an unprivileged user if we are root; returns that user and group.
fn prepare(folder: &TempDir, password: &str) -> anyhow::Result<Option<(u32, u32)>> {
    let file = folder.path().join("password");
    fs::write(&file, password)?;
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600))?;
    // Whoever makes a file owns it: that is who we are.
    if fs::metadata(&file)?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    let owner = UNPRIVILEGED.iter().find_map(|name| user_and_group(&users, name)).with_context(|| {
        format!("PostgreSQL does not run as root, and there is no user {} to run it as", UNPRIVILEGED.join(" or "))
    })?;
    for path in [folder.path(), &file] {
        unix::fs::chown(path, Some(owner.0), Some(owner.1))?;
    }
    Ok(Some(owner))
}

/// The numbers of a user and its group in the text of `/etc/passwd`.
fn user_and_group(passwd: &str, name: &str) -> Option<(u32, u32)> {
    let mut fields = passwd.lines().map(|line| line.split(':')).find_map(|mut fields| {
        let found = fields.next() == Some(name);
        found.then_some(fields)
    })?;
    let user = fields.nth(1)?.parse().ok()?;
    Some((user, fields.next()?.parse().ok()?))
}

/// The major version that `initdb --version` tells, as in `initdb (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`.
fn version_of(initdb: &Path) -> Option<u32> {
    let output = Command::new(initdb).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_once("(PostgreSQL) ")?.1;
    version.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

fn free_port() -> anyhow::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_line_in_passwd_gives_its_numbers() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\npostgres:x:101:104:PostgreSQL:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(user_and_group(passwd, "postgres"), Some((101, 104)));
        assert_eq!(user_and_group(passwd, "post"), None);
    }

    fn installation(root: &Path, name: &str, version: &str, programs: &[&str]) -> PathBuf {
        let folder = root.join(name);
        fs::create_dir(&folder).unwrap();
        for program in programs {
            let file = folder.join(program);
            fs::write(&file, format!("#!/bin/sh\necho '{program} (PostgreSQL) {version}'\n")).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    #[test]
    fn the_newest_complete_installation_is_taken() {
        let root = TempDir::new().unwrap();
        let root = fs::canonicalize(root.path()).unwrap();
        let folders = [
            installation(&root, "a", "9.6.24", &PROGRAMS),
            installation(&root, "b", "16.4 (Debian 16.4-1)", &PROGRAMS),
            installation(&root, "c", "15.18", &PROGRAMS),
            installation(&root, "d", "17beta2", &["initdb"]),
            root.join("missing"),
        ];
        assert_eq!(find_programs(&folders).unwrap(), folders[1]);
    }

    #[test]
    fn an_installation_older_than_fifteen_is_none() {
        let root = TempDir::new().unwrap();
        let folders = [installation(root.path(), "a", "14.9", &PROGRAMS)];
        assert_eq!(find_programs(&folders).unwrap_err().to_string(), "no PostgreSQL 15 or newer is installed");
    }
}
