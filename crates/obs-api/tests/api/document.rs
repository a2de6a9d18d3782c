//! The description of the interface.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::Server;

#[tokio::test]
async fn every_address_and_every_answer_is_described() {
    let server = Server::empty().await;
    let document = server.json("/api/v1/openapi.json").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let paths = document["paths"].as_object().unwrap();
    let names: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
    for name in ["/health", "/ready", "/metrics", "/api/v1/ticks", "/api/v1/events", "/api/v1/plans/{id}"] {
        assert!(names.contains(name), "{name}");
    }
    let mut operations = BTreeSet::new();
    for (path, item) in paths {
        assert_eq!(item.as_object().unwrap().keys().collect::<Vec<_>>(), ["get"], "{path}");
        let get = &item["get"];
        assert!(operations.insert(get["operationId"].as_str().unwrap().to_owned()), "{path}");
        for status in ["200", "400", "401", "421", "500", "503"] {
            let response = &get["responses"][status];
            assert!(response["description"].is_string(), "{path} {status}");
            for content in response["content"].as_object().unwrap().values() {
                assert!(content["schema"].is_object(), "{path} {status}");
            }
        }
        for parameter in get["parameters"].as_array().into_iter().flatten() {
            assert!(parameter["description"].is_string(), "{path} {parameter}");
        }
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(obs_api::document()).unwrap();
    let mut references = Vec::new();
    collect(&document, &mut references);
    assert!(references.len() > 50);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(reference) = fields.get("$ref").and_then(Value::as_str) {
                references.push(reference.to_owned());
            }
            fields.values().for_each(|field| collect(field, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

#[tokio::test]
async fn the_page_comes_from_the_program_alone() {
    let server = Server::empty().await;
    let page = server.get("/docs/").await.text().await.unwrap();
    assert!(page.contains("swagger-ui"), "{page}");
    assert!(!page.contains("http://") && !page.contains("https://"), "{page}");
    assert_eq!(server.get("/docs/swagger-ui-bundle.js").await.status(), 200);
}
