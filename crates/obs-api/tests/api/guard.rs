//! Who is let in.

use obs_api::Api;

use crate::support::{Server, headers, problem_of};

#[tokio::test]
async fn another_host_is_refused_on_loopback() {
    let server = Server::empty().await;
    for host in ["evil.example", "localhost.evil.example:8000", "192.168.0.1"] {
        let problem = problem_of(server.get_with("/api/v1/status", headers(&[("host", host)])).await, 421).await;
        assert!(problem["detail"].as_str().unwrap().contains("loopback"), "{problem}");
    }
    for host in ["localhost:8000", "127.0.0.1", "[::1]:8000"] {
        assert_eq!(server.get_with("/api/v1/status", headers(&[("host", host)])).await.status(), 200, "{host}");
    }
}

#[tokio::test]
async fn elsewhere_any_host_will_do() {
    let server = Server::with(|api| Api { loopback: false, ..api }).await;
    assert_eq!(server.get_with("/api/v1/status", headers(&[("host", "observer.example")])).await.status(), 200);
}

#[tokio::test]
async fn data_needs_the_token_and_life_does_not() {
    let server = Server::with(|api| Api { token: Some("open sesame".into()), ..api }).await;
    for path in ["/api/v1/status", "/api/v1/ticks", "/api/v1/udf/time", "/api/v1/events", "/ready", "/metrics"] {
        let refused = server.get(path).await;
        assert_eq!(refused.headers()["www-authenticate"], "Bearer");
        problem_of(refused, 401).await;
        let wrong = server.get_with(path, headers(&[("authorization", "Bearer open")])).await;
        problem_of(wrong, 401).await;
        let right = server.get_with(path, headers(&[("authorization", "Bearer open sesame")])).await;
        assert_eq!(right.status(), 200, "{path}");
    }
    for path in ["/health", "/api/v1/openapi.json", "/docs/"] {
        assert_eq!(server.get(path).await.status(), 200, "{path}");
    }
    // In an address it would end up in logs and histories, so that it is taken only where browsers cannot do otherwise.
    problem_of(server.get("/api/v1/status?token=open+sesame").await, 401).await;
    assert_eq!(server.get("/api/v1/events?token=open+sesame").await.status(), 200);
}
