//! What faults do when they begin and end.

use std::time::Duration;

use tracing::info;

use super::{Fault, Scheduled};
use crate::{exchange::Exchange, ledger::ConnectionEnd, session::LineState};

impl Exchange {
    /// Begins a fault now. Zero lasts until it is cleared. A fault that lasts gets a number.
    pub(crate) fn begin(&self, fault: Fault, lasting: Duration) -> Option<u64> {
        info!(%fault, ?lasting, "fault begins");
        // On the board first: whoever is thrown out must not find the door open.
        let id = fault.lasts().then(|| self.faults.add(fault.clone(), self.world_now(), lasting));
        self.strike(&fault);
        self.set_line();
        id
    }

    /// Ends a lasting fault before its time. Whether there was one of this number.
    pub(crate) fn clear(&self, id: u64) -> bool {
        let cleared = self.faults.clear(|active| active.id == id);
        self.set_line();
        cleared
    }

    /// Ends all lasting faults that are the same as this one.
    pub(crate) fn clear_all(&self, fault: &Fault) {
        self.faults.clear(|active| active.fault == *fault);
        self.set_line();
    }

    /// Begins and ends what is due.
    pub(crate) fn pass_time(&self) {
        let due = self.faults.due(self.world_now());
        for Scheduled { fault, lasting, .. } in due.begins {
            self.begin(fault, lasting);
        }
        if due.ended {
            self.set_line();
        }
    }

    fn strike(&self, fault: &Fault) {
        let sessions = &self.sessions;
        match fault {
            Fault::Drop => sessions.cut_all(ConnectionEnd::Dropped),
            Fault::Garbage { text } => sessions.send_to_all(text),
            Fault::Oversize { bytes } => sessions.send_to_all(&oversized(*bytes)),
            Fault::Truncate { frames } => sessions.lock().tampering.truncate += frames,
            Fault::Duplicate { records } => sessions.lock().tampering.duplicate += records,
            Fault::Reorder { records } => sessions.lock().tampering.reorder += records,
            Fault::Withhold { records } => sessions.lock().tampering.withhold += records,
            Fault::RefuseOrders { count } => self.desk().refuse_next(*count),
            Fault::RevokeTokens => self.customers.revoke_tokens(),
            Fault::NetworkGone => sessions.cut_all(ConnectionEnd::NetworkGone),
            Fault::Silence
            | Fault::Refuse
            | Fault::StopReading
            | Fault::Slow { .. }
            | Fault::HttpError
            | Fault::HttpHang
            | Fault::LoseAnswers
            | Fault::RateLimit
            | Fault::ClockSkew { .. }
            | Fault::Delist { .. } => {}
        }
    }

    /// Tells the connections what is wrong now.
    fn set_line(&self) {
        let pause = self.faults.find(|fault| match fault {
            Fault::Slow { pause } => Some(*pause),
            _ => None,
        });
        let line = LineState {
            silent: self.faults.is_on(&Fault::Silence),
            deaf: self.faults.is_on(&Fault::StopReading),
            pause: self.real(pause.unwrap_or_default()),
        };
        self.line.send_if_modified(|current| std::mem::replace(current, line) != line);
    }
}

/// A message that begins like data and is far too long for it.
fn oversized(bytes: usize) -> String {
    let head = "0|H0STCNT0|001|";
    // Beyond this a frame would be a burden to the machine rather than to the client.
    let bytes = bytes.min(256 << 20);
    format!("{head}{}", "9".repeat(bytes.saturating_sub(head.len())))
}
