//! What people see of a collector, and what they do with it.

use std::{sync::Arc, time::Instant};

use chrono::Utc;
use obs_sim::{SimSettings, Simulator};
use serde_json::json;

use crate::{
    chromium::Chromium,
    page::{DESKTOP, PHONE, Page, Viewer},
    support::record,
};

/// Candles are drawn, and the chart is that of the symbol that is chosen.
const DRAWN: &str = "document.querySelector('#chart .boxlayer path.box') !== null
    && document.getElementById('chart').dataset.symbol === location.hash.slice(1)";

/// The shares traded in the minute of the last candle, as it is drawn.
const LAST_VOLUME: &str = "JSON.stringify(document.getElementById('chart').data[2].y.slice(-2))";

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_moving_candles_at_once_in_both_languages_and_themes_on_any_screen() {
    let Some(browser) = Chromium::start().await else { return };
    let (dir, started) = (tempfile::tempdir().unwrap(), Instant::now());
    let collector = record(dir.path(), &[], &[]).await;
    let mut page = Page::open(browser, &collector.address, DESKTOP).await;

    page.until(DRAWN).await;
    let before = page.value(LAST_VOLUME).await;
    page.until(&format!("{LAST_VOLUME} !== {before}")).await;
    println!("moving candles {:.1} s after the start of the program", started.elapsed().as_secs_f64());
    assert!(started.elapsed().as_secs() < 90);
    page.until("document.querySelectorAll('#symbols tbody tr').length === 41").await;
    page.until("Number(document.getElementById('rate').textContent) > 20").await;
    page.until("document.querySelector('#feeds [data-state=alive]') !== null").await;
    assert_eq!(page.text("#simulated").await, "모의 데이터 — 이 컴퓨터에서 만든 가상의 시세입니다. 실제 시세가 아닙니다.");
    assert_eq!(page.value("document.getElementById('simulated').hidden").await, false);
    assert_eq!(page.text("#no-portfolio").await, "포트폴리오 스냅샷이 아직 없습니다.");
    assert!(page.text("#chart-summary").await.contains("삼성전자 (005930)"));
    assert!(page.text("#clock").await.contains("KST"));
    page.picture("desktop-light-ko").await;

    // By hand, and remembered.
    page.choose("theme", "dark").await;
    page.choose("language", "en").await;
    page.until("document.title === 'Observer – market record'").await;
    assert_eq!(page.value("getComputedStyle(document.body).backgroundColor").await, "rgb(15, 20, 26)");
    page.reload().await;
    page.until(&format!("{DRAWN} && document.title === 'Observer – market record'")).await;
    assert_eq!(page.value("getComputedStyle(document.body).backgroundColor").await, "rgb(15, 20, 26)");
    assert!(page.text("#chart-summary").await.contains("since the first bar’s open"));
    page.until("document.querySelector('#feeds [data-state=alive]') !== null").await;
    page.picture("desktop-dark-en").await;
    assert_eq!(korean_words(&mut page).await, json!([]), "names of stocks aside, English has no Korean in it");

    // By what the browser says of its user.
    page.value("localStorage.clear()").await;
    page.look_as(Viewer { scheme: "dark", ..PHONE }).await;
    page.reload().await;
    page.until(&format!("{DRAWN} && document.documentElement.lang === 'ko'")).await;
    assert_eq!(page.value("getComputedStyle(document.body).backgroundColor").await, "rgb(15, 20, 26)");
    page.until("document.querySelector('#feeds [data-state=alive]') !== null").await;
    assert_one_column(&mut page).await;
    page.picture("phone-dark-ko").await;
    page.look_as(Viewer { language: "en-US", ..PHONE }).await;
    page.reload().await;
    page.until(&format!("{DRAWN} && document.title === 'Observer – market record'")).await;
    page.until("document.querySelector('#feeds [data-state=alive]') !== null").await;
    assert_eq!(page.value("getComputedStyle(document.body).backgroundColor").await, "rgb(243, 244, 246)");
    assert_one_column(&mut page).await;
    page.picture("phone-light-en").await;
    page.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_a_gap_in_the_list_in_the_chart_and_in_words() {
    let Some(browser) = Chromium::start().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let simulator = Simulator::start(SimSettings::new(Arc::new(Utc::now), 3)).await.unwrap();
    let (rest, websocket) = (simulator.rest_url(), simulator.websocket_url());
    let arguments = ["--kis-rest-url", &rest, "--kis-websocket-url", &websocket, "--hours", "always", "--universe", "none"];
    let keys = [("KIS_APP_KEY", simulator.app_key()), ("KIS_APP_SECRET", simulator.app_secret())];
    let collector = record(dir.path(), &arguments, &keys).await;
    let mut page = Page::open(browser, &collector.address, Viewer { language: "en-US", ..DESKTOP }).await;
    page.until(DRAWN).await;
    page.until("document.querySelector('#connection').dataset.state === 'live'").await;
    let before = page.value("document.querySelectorAll('#gaps tbody tr').length").await;
    let shaded = page.value("document.getElementById('chart').layout.shapes.length").await;

    simulator.control().drop_connections();
    page.until(&format!("document.querySelectorAll('#gaps tbody tr').length > {before}")).await;
    let told = page.text("#new-gap").await;
    assert!(told.starts_with("New gap: ") && told.contains("Disconnected") && told.contains("KST"), "{told}");
    assert_eq!(page.value("document.getElementById('new-gap').getAttribute('aria-live')").await, "polite");
    page.until(&format!("document.getElementById('chart').layout.shapes.length > {shaded}")).await;
    page.until("/gaps: [1-9]/.test(document.getElementById('chart-summary').textContent)").await;
    page.until("document.getElementById('gaps-today').textContent !== '0'").await;
    let volume = page.value(LAST_VOLUME).await;
    page.until(&format!("{LAST_VOLUME} !== {volume}")).await;
    page.picture("gap-light-en").await;
    page.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_can_be_done_with_a_keyboard_and_has_a_name() {
    let Some(browser) = Chromium::start().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let collector = record(dir.path(), &[], &[]).await;
    let mut page = Page::open(browser, &collector.address, Viewer { language: "en-US", ..DESKTOP }).await;
    page.until(DRAWN).await;
    page.until("document.querySelectorAll('#symbols tbody tr').length === 41").await;

    // Arrow keys change the symbol, wherever nothing else wants them.
    let first = page.value("location.hash.slice(1)").await;
    page.press("ArrowDown").await;
    page.until(&format!("location.hash.slice(1) !== {first} && {DRAWN}")).await;
    page.press("ArrowUp").await;
    page.until(&format!("location.hash.slice(1) === {first} && {DRAWN}")).await;

    // A slash finds one.
    page.press("/").await;
    page.until("document.activeElement.id === 'search'").await;
    page.write("000660").await;
    page.until("document.querySelectorAll('#symbols tbody tr').length === 1").await;
    page.press("ArrowDown").await;
    page.until(&format!("location.hash === '#000660' && {DRAWN}")).await;
    page.press("Enter").await;
    page.until("document.activeElement.getAttribute('aria-current') === 'true'").await;
    page.press("/").await;
    page.press("Escape").await;
    page.until("document.querySelectorAll('#symbols tbody tr').length === 41").await;

    // The tab key reaches every control, and shows where it is.
    page.value("document.activeElement.blur(); scrollTo(0, 0)").await;
    let mut reached = Vec::new();
    for _ in 0..40 {
        page.press("Tab").await;
        let at = page
            .value(
                "{ const at = document.activeElement; const style = getComputedStyle(at);
                   [at.id || at.dataset.span || at.dataset.text || at.className || at.tagName, style.outlineStyle] }",
            )
            .await;
        // Behind the last one it begins anew.
        if at[0] == "BODY" {
            continue;
        }
        assert_ne!(at[1], "none", "{} does not show that it has the focus", at[0]);
        reached.push(at[0].as_str().unwrap().to_owned());
    }
    for control in ["skip", "language", "theme", "30", "120", "day", "asTable", "search", "name", "docs"] {
        assert!(reached.iter().any(|place| place == control), "{control} is not reached: {reached:?}");
    }

    // Landmarks, one main heading, a caption for every table, a name for every control.
    for (count, selector) in [(1, "header"), (1, "main"), (1, "footer"), (1, "h1"), (0, "table:not(:has(caption))")] {
        assert_eq!(page.value(&format!("document.querySelectorAll({selector:?}).length")).await, count, "{selector}");
    }
    let tree = page.call("Accessibility.getFullAXTree", json!({})).await;
    for node in tree["nodes"].as_array().unwrap() {
        let role = node["role"]["value"].as_str().unwrap_or_default();
        let wants_name =
            matches!(role, "button" | "combobox" | "searchbox" | "textbox" | "link" | "image" | "table" | "region");
        if wants_name && node["ignored"] != true {
            assert!(!node["name"]["value"].as_str().unwrap_or_default().is_empty(), "{node}");
        }
    }
    page.assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_token_is_wanted_the_page_asks_for_it() {
    let Some(browser) = Chromium::start().await else { return };
    let dir = tempfile::tempdir().unwrap();
    let collector = record(dir.path(), &["--api-token", "open-sesame"], &[]).await;
    let mut page = Page::open(browser, &collector.address, Viewer { language: "en-US", ..DESKTOP }).await;
    page.until("document.getElementById('token').open && document.activeElement.id === 'token-input'").await;
    page.write("a-wrong-one").await;
    page.press("Enter").await;
    page.until("document.getElementById('token').open && document.activeElement.value === ''").await;
    page.write("open-sesame").await;
    page.press("Enter").await;
    page.until(DRAWN).await;
    page.until("document.querySelector('#connection').dataset.state === 'live'").await;
    page.reload().await;
    page.until(&format!("{DRAWN} && !document.getElementById('token').open")).await;
}

/// Texts in Korean outside of names and of the switch of languages.
async fn korean_words(page: &mut Page) -> serde_json::Value {
    page.value(
        "[...document.querySelectorAll('[data-text], caption, .pill, dd, #chart-summary, #feeds td, #gaps td')]
            .filter((element) => !element.closest('[lang=ko], [hidden]') && element.children.length === 0)
            .filter((element) => element.id !== 'chart-title')
            .map((element) => element.textContent)
            .filter((words) => /[가-힣]/.test(words) && !words.includes('last'))",
    )
    .await
}

async fn assert_one_column(page: &mut Page) {
    let lefts = "JSON.stringify([...new Set([...document.querySelectorAll('.panel')].map((panel) => panel.getBoundingClientRect().left))].length)";
    assert_eq!(page.value(lefts).await, "1");
    assert_eq!(page.value("document.documentElement.scrollWidth <= innerWidth").await, true, "nothing sticks out");
}
