//! What the machine has left for us.

use std::path::Path;

use tracing::warn;

use super::families::Families;

/// Room on the disk of the archive. Where the system does not tell, there are no such families.
pub(super) fn disk(families: &mut Families, dir: &Path) {
    let space = match rustix::fs::statvfs(dir) {
        Ok(space) => space,
        Err(error) => return warn!(%error, "The room in {} is not known", dir.display()),
    };
    let bytes = |blocks: u64| blocks.saturating_mul(space.f_frsize) as f64;
    families.gauge(
        "observer_disk_free_bytes",
        "Room for this user on the disk that holds the archive.",
        bytes(space.f_bavail),
    );
    families.gauge("observer_disk_size_bytes", "Size of the disk that holds the archive.", bytes(space.f_blocks));
}
