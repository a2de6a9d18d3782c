//! Something outside this process that cleans up after it.

use std::{
    io::{self, Read},
    os::unix::process::CommandExt,
    process::{Child, ChildStdout, Command, Stdio},
};

/// A shell script that waits for the end of its standard input and then cleans up.
///
/// We hold the other end. It closes when the watchdog is dropped, and no less when this process exits, panics or is killed:
/// statics are never dropped, and no handler runs on a `kill -9`, but the kernel closes files in every case.
pub(crate) struct Watchdog {
    script: Child,
}

impl Watchdog {
    /// Starts `script` with `arguments` as its `$1`, `$2` and so on; `prepare` may set the user and the environment.
    pub(crate) fn start(script: &str, arguments: &[&str], prepare: impl FnOnce(&mut Command)) -> io::Result<Self> {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script, "obs-testkit"]).args(arguments);
        // A process group of its own keeps the terminal's Ctrl-C, which is meant for the tests, from ending the watchdog too.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        prepare(&mut command);
        Ok(Self { script: command.spawn()? })
    }

    /// What the script prints, once it has closed its standard output. Blocks; may be asked once.
    pub(crate) fn take_output(&mut self) -> Option<impl FnOnce() -> io::Result<String> + Send + use<>> {
        let mut output: ChildStdout = self.script.stdout.take()?;
        Some(move || {
            let mut text = String::new();
            output.read_to_string(&mut text)?;
            Ok(text)
        })
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.script.stdin.take());
        // Nobody is left to tell of a failure, and the script itself goes on whatever happens here.
        let _ = self.script.wait();
    }
}
