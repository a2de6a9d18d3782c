//! A browser without a window, and the protocol that it is driven by.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

/// How long the browser may take to start, and to answer anything; longer than the page may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// What browsers are called where Debian, other distributions and their makers put them.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// Without a window, a first-run page, a sandbox (which a container cannot give), or a wish to talk to its maker.
const OPTIONS: [&str; 14] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--remote-debugging-port=0",
];

/// A running browser. It ends with this value.
pub struct Chromium {
    _program: Child,
    _profile: TempDir,
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    calls: u64,
    events: Vec<Value>,
}

impl Chromium {
    /// Starts one, if there is one.
    pub async fn start() -> Option<Self> {
        let Some(program) = find() else {
            println!("No Chromium is here, so the dashboard is not tested: install one, or name it in OBS_TEST_CHROMIUM");
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(OPTIONS).arg(format!("--user-data-dir={}", profile.path().display())).arg("about:blank");
        let mut program =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut said = BufReader::new(program.stderr.take().unwrap()).lines();
        let address = async {
            loop {
                let line = said.next_line().await.unwrap().expect("the browser ended before it listened");
                if let Some(address) = line.strip_prefix("DevTools listening on ") {
                    return address.to_owned();
                }
            }
        };
        let address = timeout(PATIENCE, address).await.expect("the browser does not listen");
        // Whatever else it says must not fill the pipe.
        tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
        let (socket, _) = connect_async(address).await.unwrap();
        Some(Self { _program: program, _profile: profile, socket, calls: 0, events: Vec::new() })
    }

    /// Calls a method, of the browser or of a page's session, and gives its result.
    pub async fn call(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        let answer = self.answer(session, method, parameters).await;
        assert!(answer["error"].is_null(), "{method}: {}", answer["error"]);
        answer["result"].clone()
    }

    /// As [`Self::call`], but `None` if the page does not remember the question, since it was loaded meanwhile.
    pub async fn try_call(&mut self, session: &str, method: &str, parameters: Value) -> Option<Value> {
        let answer = self.answer(Some(session), method, parameters).await;
        answer["error"].is_null().then(|| answer["result"].clone())
    }

    async fn answer(&mut self, session: Option<&str>, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut call = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = session {
            call["sessionId"] = session.into();
        }
        self.socket.send(Message::text(call.to_string())).await.unwrap();
        loop {
            let message = timeout(PATIENCE, self.socket.next()).await.unwrap_or_else(|_| panic!("{method} is not answered"));
            let Message::Text(text) = message.unwrap().unwrap() else { continue };
            let answer: Value = serde_json::from_str(&text).unwrap();
            if answer["id"] == self.calls {
                return answer;
            }
            if answer["method"].is_string() {
                self.events.push(answer);
            }
        }
    }

    /// What happened so far: methods with their parameters.
    pub fn events(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.events.iter().map(|event| (event["method"].as_str().unwrap(), &event["params"]))
    }
}

fn find() -> Option<PathBuf> {
    if let Some(named) = env::var_os("OBS_TEST_CHROMIUM") {
        return Some(named.into());
    }
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let places = NAMES.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    places.into_iter().find(|place: &PathBuf| Path::is_file(place))
}
