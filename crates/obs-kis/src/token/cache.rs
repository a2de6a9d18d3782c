//! Tokens on disk, so that a restart needs no login.
//!
//! Each pair of app key and host has a file of its own, named after a digest of both. The file repeats the digest, so that a
//! copy under another name is of no use, and is readable by its owner only. Whatever is wrong with it, it is as if it were not
//! there.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::task::spawn_blocking;

use super::Token;
use crate::client::Shared;

#[derive(Serialize, Deserialize)]
struct File {
    /// Whose token it is.
    digest: String,
    access_token: String,
    expires_at: DateTime<Utc>,
}

/// The token that lies there, if it is ours, whole and safe. It may have ended.
pub(super) async fn load(broker: &Shared) -> Option<Token> {
    let (path, digest) = place(broker)?;
    let read = spawn_blocking(move || {
        let found = read(&path, &digest);
        if let Err(problem) = &found {
            tracing::warn!(path = %path.display(), problem, "the kept access token is not used; a new one will be asked for");
        }
        found.ok().flatten()
    });
    read.await.ok().flatten()
}

/// Keeps a token. That it cannot be kept is no reason not to use it.
pub(super) async fn save(broker: &Shared, token: &Token) {
    let Some((path, digest)) = place(broker) else { return };
    let file = File { digest, access_token: token.expose().to_owned(), expires_at: token.expires_at };
    let written = spawn_blocking(move || {
        if let Err(error) = write(&path, &file) {
            tracing::warn!(path = %path.display(), %error, "the access token cannot be kept; the next start will ask for another");
        }
    });
    // It fails only if the runtime is ending.
    let _ = written.await;
}

/// Where the token of these keys lies, and the digest that says that it is theirs.
fn place(broker: &Shared) -> Option<(PathBuf, String)> {
    let folder = broker.settings.token_cache.as_ref()?;
    let mut hasher = blake3::Hasher::new_derive_key("obs-kis access token 2026-11");
    hasher.update(broker.credentials.app_key().as_bytes());
    // No key and no address has a line break.
    hasher.update(b"\n");
    hasher.update(broker.endpoints.rest().as_bytes());
    let digest = hasher.finalize().to_hex().to_string();
    Some((folder.join(format!("kis-token-{}.json", &digest[..16])), digest))
}

fn read(path: &Path, digest: &str) -> Result<Option<Token>, String> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    if !is_private(&metadata) {
        return Err("others than its owner may read or write it (mode should be 0600)".to_owned());
    }
    let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
    // The reason might repeat the token.
    let file: File = serde_json::from_str(&text).map_err(|_| "it is damaged".to_owned())?;
    if file.digest != digest {
        return Err("it is of another app key or host".to_owned());
    }
    if file.access_token.is_empty() || !file.access_token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it is damaged".to_owned());
    }
    Ok(Some(Token { secret: file.access_token.into(), expires_at: file.expires_at }))
}

/// Writes beside the file and renames, so that a reader sees the old token or the new one, whole.
fn write(path: &Path, file: &File) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    // Two programs may write at once.
    let beside = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = write_private(&beside, &serde_json::to_vec(file)?).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may never have been there.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;

    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    // What a killed run of the same number left behind.
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn is_private(metadata: &fs::Metadata) -> bool {
    std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o077 == 0
}

#[cfg(not(unix))]
const fn is_private(_metadata: &fs::Metadata) -> bool {
    // The folder's own access list is what protects it there.
    true
}
