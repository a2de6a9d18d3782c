//! The last good universe, kept in the data folder.

use std::{
    io,
    path::{Path, PathBuf},
};

use chrono::{DateTime, NaiveDate, Utc};
use obs_kis::Market;
use obs_model::{Price, Symbol};
use serde::{Deserialize, Serialize};
use tokio::{fs, io::AsyncWriteExt};

use super::{Member, Source, Universe, UniverseError};

/// The file's name in the data folder.
pub const LAST_GOOD: &str = "universe.json";

/// How it is written.
#[derive(Serialize, Deserialize)]
struct Saved {
    saved_at: DateTime<Utc>,
    date: NaiveDate,
    source: String,
    members: Vec<SavedMember>,
}

#[derive(Serialize, Deserialize)]
struct SavedMember {
    symbol: Symbol,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    previous_close: Option<Price>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    market: Option<String>,
}

/// The markets' names in the file.
const MARKETS: [(Market, &str); 2] = [(Market::Kospi, "kospi"), (Market::Kosdaq, "kosdaq")];

/// The last good universe and when it was saved; `None` if there never was one.
pub(super) async fn read(data_dir: &Path) -> Result<Option<(Universe, DateTime<Utc>)>, UniverseError> {
    let path = data_dir.join(LAST_GOOD);
    let bytes = match fs::read(&path).await {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(UniverseError::Io { path, action: "read", error }),
    };
    let saved: Saved = match serde_json::from_slice(&bytes) {
        Ok(saved) => saved,
        Err(error) => return Err(UniverseError::Damaged { path, problem: error.to_string() }),
    };
    let market = |name: String| MARKETS.into_iter().find(|(_, known)| *known == name).map(|(market, _)| market);
    let members = saved.members.into_iter().map(|member| Member {
        symbol: member.symbol,
        name: member.name,
        previous_close: member.previous_close,
        market: member.market.and_then(market),
    });
    let (members, dropped) = (members.collect(), Default::default());
    Ok(Some((Universe { date: saved.date, members, source: Source::LastGood, dropped }, saved.saved_at)))
}

/// Makes a universe the last good one. What was the last good one so far stays beside it if `keep` is set.
pub(super) async fn save(
    universe: &Universe,
    now: DateTime<Utc>,
    data_dir: &Path,
    keep: Option<NaiveDate>,
) -> Result<(), UniverseError> {
    let market = |market: Market| MARKETS.into_iter().find(|(known, _)| *known == market).map(|(_, name)| name.to_owned());
    let members = universe.members.iter().map(|member| SavedMember {
        symbol: member.symbol,
        name: member.name.clone(),
        previous_close: member.previous_close,
        market: member.market.and_then(market),
    });
    let (source, members) = (universe.source.to_string(), members.collect());
    let saved = Saved { saved_at: now, date: universe.date, source, members };
    let path = data_dir.join(LAST_GOOD);
    let written = async {
        if let Some(date) = keep {
            fs::copy(&path, data_dir.join(format!("universe.{date}.json"))).await?;
        }
        replace(&path, &serde_json::to_vec_pretty(&saved)?).await
    };
    written.await.map_err(|error| UniverseError::Io { path: path.clone(), action: "written", error })
}

/// Writes a file so that there is the old one or the new one at any instant.
async fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside: PathBuf = path.with_extension("json.new");
    let mut file = fs::File::create(&beside).await?;
    file.write_all(bytes).await?;
    file.sync_all().await?;
    fs::rename(&beside, path).await?;
    match path.parent() {
        // The new name must be on the disk too.
        Some(folder) => fs::File::open(folder).await?.sync_all().await,
        None => Ok(()),
    }
}
