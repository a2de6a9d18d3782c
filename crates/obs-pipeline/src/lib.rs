//! The two halves of the data path and the only place where they meet: recording, from a feed into the archive, and loading,
//! from the archive into a store.
//!
//! The archive comes first. A row is in the store only after its line is known to be on the disk, and a batch of rows commits
//! together with the position behind it, so that a kill at any instant, a second run, or a file under another name changes
//! nothing. Loading live and loading a folder of the past are the same code: [`Loader`] reads files from a position,
//! [`Follower`] lets it follow a recorder.

mod draft;
mod error;
mod files;
mod follow;
mod lines;
mod load;
mod losses;
mod predecessor;
mod projector;
mod rebuild;
mod record;
mod source;
mod summary;
mod swing_history;
mod volumes;

pub use error::{LoadError, RecordError};
pub use files::archive_files;
pub use follow::{Delays, FollowStats, Follower};
pub use lines::{decode_line, head_of, is_whole};
pub use load::{LoadOptions, LoadProgress, Loader};
pub use rebuild::Rebuilder;
pub use record::{Clock, Recorder, RecorderStats, Recording, SteadyClock};
pub use summary::{FileOutcome, FileSummary, LoadSummary};
pub use swing_history::swing_history;
