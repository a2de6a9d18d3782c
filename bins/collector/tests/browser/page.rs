//! A page of the browser, and what people do with it.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::chromium::Chromium;

/// How long the page may take until it is as it should be, in milliseconds.
const DEADLINE: u64 = 60_000;

/// A page.
pub struct Page {
    browser: Chromium,
    session: String,
    address: String,
}

/// Who looks at it.
#[derive(Clone, Copy)]
pub struct Viewer {
    pub width: u32,
    pub height: u32,
    pub language: &'static str,
    pub scheme: &'static str,
}

pub const DESKTOP: Viewer = Viewer { width: 1440, height: 1000, language: "ko-KR", scheme: "light" };
pub const PHONE: Viewer = Viewer { width: 390, height: 844, language: "ko-KR", scheme: "light" };

impl Page {
    /// Opens an address as somebody sees it.
    pub async fn open(mut browser: Chromium, address: &str, viewer: Viewer) -> Self {
        let made = browser.call(None, "Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": made["targetId"], "flatten": true });
        let attached = browser.call(None, "Target.attachToTarget", attach).await;
        let session = attached["sessionId"].as_str().unwrap().to_owned();
        let mut page = Self { browser, session, address: address.to_owned() };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            page.call(&format!("{domain}.enable"), json!({})).await;
        }
        page.look_as(viewer).await;
        page.call("Page.navigate", json!({ "url": address })).await;
        page
    }

    /// Looks at it as somebody else from now on. A page asks for its language when it is loaded.
    pub async fn look_as(&mut self, viewer: Viewer) {
        let Viewer { width, height, language, scheme } = viewer;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700 });
        self.call("Emulation.setDeviceMetricsOverride", metrics).await;
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features })).await;
        let agent = json!({ "userAgent": "Observer's test", "acceptLanguage": language });
        self.call("Emulation.setUserAgentOverride", agent).await;
    }

    pub async fn reload(&mut self) {
        self.call("Page.reload", json!({})).await;
    }

    pub async fn call(&mut self, method: &str, parameters: Value) -> Value {
        let session = self.session.clone();
        self.browser.call(Some(&session), method, parameters).await
    }

    /// What an expression is; a promise is waited for.
    pub async fn value(&mut self, expression: &str) -> Value {
        let ask = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", ask).await;
        let thrown = &answer["exceptionDetails"];
        assert!(thrown.is_null(), "{expression}: {}", thrown["exception"]["description"]);
        answer["result"]["value"].clone()
    }

    /// Waits until a condition holds.
    pub async fn until(&mut self, condition: &str) {
        // A page that is just being loaded has not everything, and forgets who waits: then it is asked again.
        let look = format!(
            "new Promise((answer) => {{
                const started = performance.now();
                const look = () => {{
                    let holds = false;
                    try {{ holds = Boolean({condition}); }} catch {{}}
                    if (holds || performance.now() - started > {DEADLINE}) answer(holds);
                    else setTimeout(look, 30);
                }};
                look();
            }})"
        );
        let ask = json!({ "expression": look, "awaitPromise": true, "returnByValue": true });
        for _ in 0..3 {
            let answer = self.browser.try_call(&self.session, "Runtime.evaluate", ask.clone()).await;
            if let Some(answer) = answer {
                assert_eq!(answer["result"]["value"], true, "this does not become true: {condition}\n{}", self.seen().await);
                return;
            }
        }
        panic!("the page is loaded again and again");
    }

    /// What a text on the page is.
    pub async fn text(&mut self, selector: &str) -> String {
        let text = self.value(&format!("document.querySelector({selector:?}).textContent")).await;
        text.as_str().unwrap().to_owned()
    }

    /// Presses a key that is not a letter, such as `ArrowDown`, or one that is.
    pub async fn press(&mut self, key: &str) {
        let mut pressed = json!({ "type": "keyDown", "key": key, "code": key });
        match key {
            "Tab" => pressed["windowsVirtualKeyCode"] = 9.into(),
            "Enter" => (pressed["windowsVirtualKeyCode"], pressed["text"]) = (13.into(), "\r".into()),
            letter if letter.chars().count() == 1 => pressed["text"] = letter.into(),
            _ => {}
        }
        self.call("Input.dispatchKeyEvent", pressed).await;
        self.call("Input.dispatchKeyEvent", json!({ "type": "keyUp", "key": key, "code": key })).await;
    }

    /// Types into whatever has the focus.
    pub async fn write(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    /// Chooses a value of a switch.
    pub async fn choose(&mut self, id: &str, value: &str) {
        let act = format!(
            "{{ const field = document.getElementById({id:?}); field.value = {value:?};
                field.dispatchEvent(new Event(\"change\", {{ bubbles: true }})); }}"
        );
        self.value(&act).await;
    }

    /// Keeps the whole page as a picture among what the tests leave, and says where.
    pub async fn picture(&mut self, name: &str) {
        let size = self.call("Page.getLayoutMetrics", json!({})).await["cssContentSize"].clone();
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let shot = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.call("Page.captureScreenshot", shot).await;
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("screenshots");
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        fs::write(&path, decode(taken["data"].as_str().unwrap())).unwrap();
        println!("screenshot: {}", path.display());
    }

    /// Nothing was said on the console that is an error, and nobody else was asked for anything.
    pub fn assert_clean(&self) {
        for (method, told) in self.browser.events() {
            match method {
                "Runtime.exceptionThrown" => panic!("the page threw: {told}"),
                "Log.entryAdded" => assert_ne!(told["entry"]["level"], "error", "{told}"),
                "Runtime.consoleAPICalled" => assert_ne!(told["type"], "error", "{told}"),
                "Network.requestWillBeSent" => {
                    let url = told["request"]["url"].as_str().unwrap();
                    assert!(url.starts_with(&self.address) || url.starts_with("data:"), "{url} is asked for");
                }
                _ => {}
            }
        }
    }

    async fn seen(&mut self) -> String {
        let errors =
            self.browser.events().filter(|(method, _)| matches!(*method, "Runtime.exceptionThrown" | "Log.entryAdded"));
        let errors: Vec<String> = errors.map(|(_, told)| told.to_string()).collect();
        let text = self.value("document.body.innerText.slice(0, 2000)").await;
        format!("{}\n{}", text.as_str().unwrap_or_default(), errors.join("\n"))
    }
}

/// Base64, as the protocol sends pictures.
fn decode(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other} is no digit of base64"),
    };
    let digits: Vec<u32> = text.trim_end_matches('=').bytes().map(|byte| u32::from(digit(byte))).collect();
    let group = |four: &[u32]| {
        let bits = four.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - four.len()));
        bits.to_be_bytes()[1..four.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}
