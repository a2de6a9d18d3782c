//! `cargo xtask api-check`: Schemathesis reads the interface's description of itself and asks it a thousand things.

use std::{
    env,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, ensure};

use crate::programs::built;

/// What must hold for every answer: no failure of ours, and nothing that the description does not say.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";
/// A stream of events has no end to wait for; the tests of `obs-api` listen to it.
const ENDLESS: &str = "/api/v1/events";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The Python that has Schemathesis
    #[arg(long, env = "OBS_TEST_PYTHON", default_value = "python3")]
    python: String,
    /// Requests for each address
    #[arg(long, default_value_t = 60)]
    examples: u32,
    /// Seed of the requests
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let looked = Command::new(&options.python).args(["-c", "import schemathesis"]).stderr(Stdio::null()).status();
    if !looked.is_ok_and(|status| status.success()) {
        println!(
            "not checked: {} has no Schemathesis; `pip install schemathesis`, or name another one with --python",
            options.python
        );
        return Ok(());
    }
    let collector = built("collector")?;
    let dir = tempfile::tempdir()?;
    println!("Some seconds of a simulated exchange are recorded.");
    let mut recording = program(&collector, dir.path());
    let recorded = recording.args(["--for", "10s", "--json", "--listen", "none"]).stdout(Stdio::null()).status()?;
    ensure!(recorded.success(), "the collector ended with {recorded}");

    let mut serving = program(&collector, dir.path());
    let server = serving.args(["serve", "--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn()?;
    let mut server = Running(server);
    let address = server.address()?;
    let examples = options.examples.to_string();
    let asked = Command::new(&options.python)
        .args(["-m", "schemathesis.cli", "run", &format!("{address}/api/v1/openapi.json"), "--checks", CHECKS])
        .args(["--exclude-path", ENDLESS, "--max-examples", &examples, "--seed", &options.seed.to_string()])
        .current_dir(dir.path())
        .status()?;
    ensure!(asked.success(), "Schemathesis found something, see above");
    Ok(())
}

/// The program with a folder, and without the settings of whoever runs this.
fn program(collector: &Path, dir: &Path) -> Command {
    let mut command = Command::new(collector);
    command.env_clear().current_dir(dir).arg("--data-dir").arg(dir.join("data")).stdin(Stdio::null());
    if let Some(path) = env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// A process that ends with this value.
struct Running(Child);

impl Running {
    /// The address in the first line that it says.
    fn address(&mut self) -> anyhow::Result<String> {
        let stdout = self.0.stdout.take().context("the collector has no output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line.split_whitespace().find(|word| word.starts_with("http://"));
        address.map(str::to_owned).with_context(|| format!("the collector says no address: {line:?}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It only reads.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
