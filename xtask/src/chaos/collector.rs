//! The collector as a process that is started again whenever it ends, as a service manager does.

use std::{
    fs::OpenOptions,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::ensure;
use obs_sim::Simulator;

use super::machine::Machine;

pub(super) struct Collector<'a> {
    program: &'a Path,
    simulator: &'a Simulator,
    database: &'a str,
    running: Option<Child>,
}

impl<'a> Collector<'a> {
    pub(super) const fn new(program: &'a Path, simulator: &'a Simulator, database: &'a str) -> Self {
        Self { program, simulator, database, running: None }
    }

    /// Starts it, unless it runs. What it says goes into a file.
    pub(super) fn start(&mut self, machine: &Machine, log: &Path) -> anyhow::Result<()> {
        if let Some(running) = &mut self.running
            && running.try_wait()?.is_none()
        {
            return Ok(());
        }
        let symbols: Vec<String> = self.simulator.listings().iter().map(|listing| listing.symbol.to_string()).collect();
        let said = OpenOptions::new().create(true).append(true).open(log)?;
        let mut command = Command::new(self.program);
        command.env_clear().env("KIS_APP_KEY", self.simulator.app_key()).env("KIS_APP_SECRET", self.simulator.app_secret());
        command.args(["--json", "--universe", "none", "--hours", "always", "--liveness", "2s"]);
        command.args(["--symbols", &symbols.join(","), "--database-url", self.database, "--data-dir"]).arg(&machine.dir);
        let (rest, websocket) = (self.simulator.rest_url(), self.simulator.websocket_url());
        command.args(["--kis-rest-url", &rest, "--kis-websocket-url", &websocket]);
        machine.runs(&mut command);
        self.running = Some(command.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said).spawn()?);
        Ok(())
    }

    pub(super) fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut running) = self.running.take() {
            running.kill()?;
            running.wait()?;
        }
        Ok(())
    }

    /// Ends it as Ctrl-C does.
    pub(super) fn interrupt(&mut self) -> anyhow::Result<()> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        let pid = running.id().to_string();
        ensure!(Command::new("kill").args(["-s", "INT", &pid]).status()?.success(), "kill failed");
        let status = running.wait()?;
        ensure!(status.success(), "the collector ended with {status}");
        Ok(())
    }
}

impl Drop for Collector<'_> {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.kill();
    }
}
