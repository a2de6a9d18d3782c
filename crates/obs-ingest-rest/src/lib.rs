#![doc = include_str!("../README.md")]

mod bar;
mod error;
mod evidence;
mod item;
mod losses;
mod poller;
mod resume;
mod settings;
mod universe;
mod window;

pub use bar::{BarError, WindowBar, window_bar};
pub use error::PollError;
pub use evidence::{CHART_ROWS, Evidence};
pub use item::{Counters, PollItem, RejectedAnswer};
pub use poller::Poller;
pub use resume::Resume;
pub use settings::Settings;
pub use universe::{
    Dropped, LAST_GOOD, LineProblem, Listing, LoadSettings, Loaded, Member, Source, Universe, UniverseError, UniverseSource,
    Warning, load, read_list, read_master,
};
pub use window::{Schedule, WINDOW, Window, trading_day_before};
