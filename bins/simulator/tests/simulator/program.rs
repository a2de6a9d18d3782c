//! The program as its users run it.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader},
    process::{Child, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// The program, and what it has printed so far.
struct Running {
    child: Child,
    output: BufReader<ChildStdout>,
    /// The first words of its lines, and what follows them.
    told: BTreeMap<String, String>,
}

impl Running {
    /// Starts it on free ports and reads what it says until it is ready.
    fn start(arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_simulator"));
        command.env_clear().args(["--rest-port", "0", "--websocket-port", "0", "--control-port", "0"]).args(arguments);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut running = Self { child, output, told: BTreeMap::new() };
        loop {
            let line = running.line().expect("it says that it is ready");
            if line.starts_with("Ctrl-C") {
                return running;
            }
            let line = line.trim().replace('=', " ");
            if let Some((name, value)) = line.split_once(' ') {
                running.told.insert(name.to_owned(), value.trim().to_owned());
            }
        }
    }

    fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        (self.output.read_line(&mut line).unwrap() > 0).then_some(line)
    }

    /// Interrupts it and returns its last words and its exit code.
    fn interrupt(mut self) -> (String, Option<i32>) {
        assert!(Command::new("kill").args(["-s", "INT", &self.child.id().to_string()]).status().unwrap().success());
        let last = self.line().unwrap_or_default();
        (last, self.child.wait().unwrap().code())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has normally ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::new()
}

#[tokio::test]
async fn it_says_where_it_is_gives_tokens_takes_faults_and_ends_when_asked() {
    let running =
        Running::start(&["--env", "paper", "--hours", "krx", "--start", "2026-11-23T10:00", "--fault", "drop@10:15"]);
    let told = |name: &str| running.told[name].as_str();
    assert!(told("SIMULATED").starts_with("KIS exchange: paper trading, 41 stocks, 80 trades a second, in KRX's sessions."));
    assert!(told("Planned:").ends_with("drop at 2026-11-23 10:15:00"));
    assert!(told("WebSocket").starts_with("ws://127.0.0.1:"));
    let (key, secret, account) = (told("KIS_APP_KEY"), told("KIS_APP_SECRET"), told("KIS_ACCOUNT"));
    assert_eq!((key.len(), secret.len(), account.len()), (36, 180, 10));

    let http = http();
    let body = json!({"grant_type": "client_credentials", "appkey": key, "appsecret": secret});
    let sent = http.post(format!("{}/oauth2/tokenP", told("REST"))).json(&body).send().await.unwrap();
    assert!(sent.headers()["date"].to_str().unwrap().starts_with("Mon, 23 Nov 2026 01:00:"));
    let token: Value = sent.json().await.unwrap();
    let balance = async || {
        let query = format!(
            "CANO={}&ACNT_PRDT_CD=01&AFHR_FLPR_YN=N&OFL_YN=&INQR_DVSN=02&UNPR_DVSN=01&FUND_STTL_ICLD_YN=N\
             &FNCG_AMT_AUTO_RDPT_YN=N&PRCS_DVSN=00&CTX_AREA_FK100=&CTX_AREA_NK100=",
            &account[..8]
        );
        let url = format!("{}/uapi/domestic-stock/v1/trading/inquire-balance?{query}", told("REST"));
        let request = http.get(url).header("appkey", key).header("appsecret", secret).header("tr_id", "VTTC8434R");
        let token = token["access_token"].as_str().unwrap();
        let answer: Value =
            request.header("authorization", format!("Bearer {token}")).send().await.unwrap().json().await.unwrap();
        answer["msg_cd"].as_str().unwrap().to_owned()
    };
    assert_eq!(balance().await, "20310000");

    let faults = format!("{}/faults", told("control"));
    let sent = http.post(&faults).json(&json!({"fault": "http-500"})).send().await.unwrap();
    assert_eq!(sent.status(), 201);
    assert_eq!(balance().await, "EGW00202");
    assert_eq!(http.delete(format!("{faults}/1")).send().await.unwrap().status(), 204);
    let listed: Value = http.get(&faults).send().await.unwrap().json().await.unwrap();
    assert_eq!((&listed["active"], &listed["planned"][0]["from"]), (&json!([]), &json!("2026-11-23T01:15:00Z")));

    let (last, code) = running.interrupt();
    assert_eq!(code, Some(0));
    assert!(
        last.starts_with("0 records went over 0 connections; 1 calls, at most 1 in a second, 0 refused; 0 orders."),
        "{last}"
    );
}

#[test]
fn it_ends_by_itself_when_its_time_is_up() {
    let mut running = Running::start(&["--for", "100ms", "--speed", "60", "--customers", "2"]);
    assert!(running.line().unwrap().contains("records went over"));
    assert_eq!(running.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_wrong_fault_is_named_with_the_next_step() {
    let output = Command::new(env!("CARGO_BIN_EXE_simulator")).env_clear().args(["--fault", "drop"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(complaint, "simulator: --fault \"drop\": say when, such as drop@10:15\n");
}

#[test]
fn help_and_completions_are_printed() {
    for (arguments, words) in
        [(&["--help"][..], "A trading day in six and a half minutes"), (&["completions", "bash"][..], "_simulator()")]
    {
        let output = Command::new(env!("CARGO_BIN_EXE_simulator")).args(arguments).output().unwrap();
        assert!(String::from_utf8(output.stdout).unwrap().contains(words));
    }
}
