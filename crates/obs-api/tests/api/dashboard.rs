//! The page for people, as it is served. What it does is tested in a browser, where the collector is.

use std::collections::BTreeSet;

use obs_api::Api;

use crate::support::{Server, headers};

/// All files of the page: those that it names, and those that they name.
async fn files(server: &Server) -> Vec<(String, String)> {
    let page = server.get("/").await.text().await.unwrap();
    let mut found: Vec<(String, String)> = vec![("/".to_owned(), page)];
    let mut next = 0;
    while next < found.len() {
        for name in named(&found[next].1) {
            if found.iter().all(|(known, _)| *known != name) {
                let response = server.get(&name).await;
                assert_eq!(response.status(), 200, "{name}, named by {}", found[next].0);
                // The chart library is packed, and names nothing.
                let text = if name.contains("plotly") { String::new() } else { response.text().await.unwrap() };
                found.push((name, text));
            }
        }
        next += 1;
    }
    found
}

/// The addresses within our files that a text names.
fn named(text: &str) -> BTreeSet<String> {
    let quoted = text.split('"').filter(|part| part.len() < 60);
    let path = |part: &str| match part.strip_prefix("./") {
        Some(module) if module.ends_with(".js") => Some(format!("/assets/{module}")),
        _ => part.starts_with("/assets/").then(|| part.to_owned()),
    };
    quoted.filter_map(path).collect()
}

#[tokio::test]
async fn the_page_is_whole_and_names_nobody_else() {
    let server = Server::empty().await;
    let files = files(&server).await;
    assert!(files.len() > 20, "{:?}", files.iter().map(|(name, _)| name).collect::<Vec<_>>());
    for (name, text) in &files {
        let elsewhere = text.replace("http://www.w3.org/2000/svg", "");
        assert!(!elsewhere.contains("http://") && !elsewhere.contains("https://") && !elsewhere.contains("\"//"), "{name}");
    }
}

#[tokio::test]
async fn browsers_are_told_what_it_is_what_it_may_and_how_long_it_keeps() {
    let server = Server::empty().await;
    let named = files(&server).await;
    let plotly = named.iter().map(|(name, _)| name).find(|name| name.contains("plotly")).unwrap();
    for (path, media, keeps) in [
        ("/", "text/html; charset=utf-8", "no-cache"),
        ("/assets/main.js", "text/javascript; charset=utf-8", "no-cache"),
        ("/assets/style.css", "text/css; charset=utf-8", "no-cache"),
        ("/assets/icon.svg", "image/svg+xml", "no-cache"),
        (plotly, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
    ] {
        let first = server.get(path).await;
        assert_eq!(first.status(), 200);
        assert_eq!(first.headers()["content-type"], media);
        assert_eq!(first.headers()["cache-control"], keeps);
        assert_eq!(first.headers()["x-content-type-options"], "nosniff");
        let policy = first.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'self';") && !policy.contains("unsafe"), "{policy}");
        let tag = first.headers()["etag"].to_str().unwrap();
        let again = server.get_with(path, headers(&[("if-none-match", &format!("W/\"other\", {tag}"))])).await;
        assert_eq!((again.status().as_u16(), again.text().await.unwrap().len()), (304, 0), "{path}");
    }
    assert_eq!(server.get(plotly).await.headers()["content-encoding"], "gzip");
    server.problem("/assets/elsewhere.js", 404).await;
    server.problem("/assets/plotly-0123456789abcdef.js", 404).await;
}

#[tokio::test]
async fn the_page_needs_no_token_since_it_holds_no_data() {
    let server = Server::with(|api| Api { token: Some("open sesame".into()), ..api }).await;
    assert_eq!(server.get("/").await.status(), 200);
    assert_eq!(server.get("/assets/main.js").await.status(), 200);
}

#[tokio::test]
async fn every_text_is_there_in_both_languages_with_the_same_blanks() {
    let server = Server::empty().await;
    let files = files(&server).await;
    let texts = &files.iter().find(|(name, _)| name == "/assets/texts.js").unwrap().1;
    let (_, table) = texts.split_once("TEXTS = {").unwrap();
    let mut known = BTreeSet::new();
    // Long texts stand in lines of their own.
    let lines = table.replace("[\n    ", "[").replace(",\n    ", ", ").replace(",\n  ],", "],");
    for entry in lines.lines() {
        let Some((name, both)) = entry.trim().split_once(": [\"") else { continue };
        let [korean, english] = both.trim_end_matches("\"],").split("\", \"").collect::<Vec<_>>()[..] else {
            panic!("{name} is not there in two languages: {entry}");
        };
        assert_eq!(blanks(korean), blanks(english), "{name}");
        assert!(!korean.is_empty() && !english.is_empty(), "{name}");
        known.insert(name);
    }
    assert!(known.len() > 100, "{known:?}");
    let attributes = ["data-text=\"", "data-placeholder=\"", "data-label=\"", "text(\""];
    for (file, source) in files.iter().filter(|(name, _)| !name.contains("texts")) {
        for attribute in attributes {
            for (_, rest) in source.match_indices(attribute).map(|(at, _)| source.split_at(at + attribute.len())) {
                let name = rest.split('"').next().unwrap();
                assert!(known.contains(name), "{file} has a text {name:?}, which is not in the table");
            }
        }
    }
}

/// What is filled in, such as `{name}`.
fn blanks(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
}
