//! Asking for an approval key, against a host on loopback.

use std::time::Duration;

use obs_kis::{Clock, Credentials, Endpoints, Environment, KisClient, KisError, KisSettings};
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};

use crate::broker::{APP_KEY, APP_SECRET};

/// A host that answers the first request with `answer` and hands back what it was asked.
async fn host(answer: String) -> (KisClient, oneshot::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (asked, question) = oneshot::channel();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        asked.send(read_request(&mut socket).await).unwrap();
        socket.write_all(answer.as_bytes()).await.unwrap();
        // Hold the connection until the client lets go of it.
        let _ = socket.read(&mut [0; 1]).await;
    });
    (client(&format!("http://{address}")), question)
}

fn client(rest: &str) -> KisClient {
    let endpoints = Endpoints::at(Environment::Live, rest, "ws://127.0.0.1:1").unwrap();
    let credentials = Credentials::new(APP_KEY, APP_SECRET).unwrap();
    KisClient::new(endpoints, credentials, KisSettings::new(Environment::Live), Clock::system()).unwrap()
}

async fn read_request(socket: &mut TcpStream) -> String {
    let mut request = String::new();
    let mut buffer = [0; 4096];
    loop {
        let read = socket.read(&mut buffer).await.unwrap();
        request.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        if let Some((head, body)) = request.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if read == 0 || body.len() >= length.unwrap_or(0) {
                return request;
            }
        }
    }
}

fn http(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}

async fn error_of(status: &str, body: &str) -> KisError {
    let (client, _question) = host(http(status, body)).await;
    let error = client.approval_key().await.unwrap_err();
    for text in [error.to_string(), format!("{error:?}"), format!("{client:?}")] {
        assert!(!text.contains(APP_SECRET) && !text.contains(APP_KEY), "{text}");
    }
    error
}

#[tokio::test]
async fn the_secret_is_sent_as_secretkey_and_the_key_comes_back() {
    let (client, question) = host(http("200 OK", r#"{"approval_key":"0f3a1b2c-0000-4000-8000-1234567890ab"}"#)).await;

    let key = client.approval_key().await.unwrap();

    assert_eq!(key.expose_secret(), "0f3a1b2c-0000-4000-8000-1234567890ab");
    let question = question.await.unwrap();
    let (head, body) = question.split_once("\r\n\r\n").unwrap();
    assert_eq!(head.lines().next(), Some("POST /oauth2/Approval HTTP/1.1"));
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let expected = serde_json::json!({ "grant_type": "client_credentials", "appkey": APP_KEY, "secretkey": APP_SECRET });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn unknown_keys_are_fatal_and_repeat_the_brokers_words() {
    let error =
        error_of("403 Forbidden", r#"{"error_description":"유효하지 않은 AppKey입니다.","error_code":"EGW00103"}"#).await;

    assert!(matches!(error, KisError::WrongCredentials { .. }), "{error:?}");
    assert!(error.is_fatal() && !error.is_retryable() && !error.needs_new_login());
    assert!(error.to_string().contains("유효하지 않은 AppKey입니다. (EGW00103); check that both"), "{error}");
}

#[tokio::test]
async fn the_code_decides_before_the_status_does() {
    let limited = r#"{"rt_cd":"1","msg_cd":"EGW00201","msg1":"초당 거래건수를 초과하였습니다.          "}"#;
    for status in ["500 Internal Server Error", "200 OK"] {
        let error = error_of(status, limited).await;
        let expected = KisError::RateLimited {
            code: "EGW00201".to_owned(),
            message: "초당 거래건수를 초과하였습니다.".to_owned(),
        };
        assert_eq!(error, expected);
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn every_kind_of_refusal_answers_one_question() {
    let cases = [
        ("500 Internal Server Error", "EGW00123", (false, true, false)),
        ("403 Forbidden", "EGW00105", (false, false, true)),
        ("500 Internal Server Error", "EGW02004", (false, false, true)),
        ("403 Forbidden", "EGW00133", (true, false, false)),
        ("500 Internal Server Error", "EGW00301", (true, false, false)),
        ("500 Internal Server Error", "OPSQ0002", (false, false, true)),
        ("500 Internal Server Error", "EGW99999", (true, false, false)),
        ("200 OK", "EGW99999", (false, false, true)),
    ];
    for (status, code, answers) in cases {
        let error = error_of(status, &format!(r#"{{"rt_cd":"1","msg_cd":"{code}","msg1":"no"}}"#)).await;
        assert_eq!((error.is_retryable(), error.needs_new_login(), error.is_fatal()), answers, "{status} {code}");
    }
}

#[tokio::test]
async fn a_broker_that_repeats_the_secret_does_not_leak_it() {
    let body = format!(r#"{{"error_description":"appsecret {APP_SECRET} of {APP_KEY}?","error_code":"EGW00105"}}"#);

    let error = error_of("403 Forbidden", &body).await;

    assert!(error.to_string().contains("appsecret [app secret] of [app key]? (EGW00105)"), "{error}");
}

#[tokio::test]
async fn bodies_that_are_no_answer() {
    let cases = [
        ("200 OK", "<html>", "is not the broker's JSON", true),
        ("502 Bad Gateway", "<html>", "is not the broker's JSON", true),
        ("404 Not Found", "<html>", "is not the broker's JSON", false),
        ("200 OK", "[]", "is not the broker's JSON", true),
        ("403 Forbidden", r#"{"approval_key":"x"}"#, "does not say what is wrong", false),
        ("200 OK", r#"{"rt_cd":"1"}"#, "refuses the call without a code", true),
    ];
    for (status, body, expected, retryable) in cases {
        let error = error_of(status, body).await;
        let KisError::Unreadable { problem, .. } = &error else { panic!("{status} {body}: {error:?}") };
        assert_eq!((*problem, error.is_retryable()), (expected, retryable), "{status} {body}");
    }
}

#[tokio::test]
async fn an_answer_without_a_key() {
    for body in ["{}", r#"{"approval_key":" "}"#, r#"{"approval_key":{}}"#] {
        let error = error_of("200 OK", body).await;
        assert!(matches!(error, KisError::Malformed { .. }) && error.is_retryable(), "{body}: {error:?}");
        let expected = "the broker's answer to Approval has no usable approval_key: it is missing or empty";
        assert_eq!(error.to_string(), expected);
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let answer = "HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    let (client, _question) = host(answer.to_owned()).await;

    let error = client.approval_key().await.unwrap_err();

    assert!(matches!(error, KisError::Unreadable { status: 307, .. }) && error.is_fatal(), "{error:?}");
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let body = " ".repeat(2 << 20);
    let (client, _question) = host(http("200 OK", &body)).await;

    let error = client.approval_key().await.unwrap_err();

    assert!(matches!(error, KisError::Unreadable { problem: "is too long", .. }), "{error:?}");
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);

    let error = client(&format!("http://{address}")).approval_key().await.unwrap_err();

    assert!(matches!(error, KisError::Unreachable { .. }) && error.is_retryable(), "{error:?}");
    assert!(error.to_string().starts_with(&format!("http://{address} cannot be reached: ")), "{error}");
}

#[tokio::test]
async fn a_silent_host_is_given_up_after_ten_seconds() {
    let (client, question) = host(String::new()).await;
    let call = tokio::spawn(async move { client.approval_key().await });
    question.await.unwrap();

    // From here the clock jumps to the next deadline whenever nothing else is left to do.
    tokio::time::pause();
    let asked = tokio::time::Instant::now();
    let error = call.await.unwrap().unwrap_err();

    assert!(matches!(error, KisError::Unreachable { .. }), "{error:?}");
    let waited = asked.elapsed();
    assert!(waited > Duration::from_secs(9) && waited < Duration::from_secs(11), "{waited:?}");
}

#[test]
fn keys_that_cannot_be_keys_are_refused_without_being_printed() {
    let error = Credentials::new(APP_KEY, format!("{APP_SECRET}\n")).unwrap_err();

    assert!(error.is_fatal());
    assert_eq!(
        error.to_string(),
        "the app secret has a character that no key has (a space or a line break?): copy it again"
    );
    assert_eq!(Credentials::new("", APP_SECRET).unwrap_err().to_string(), "the app key is empty: set it");
}

#[test]
fn a_client_for_tls_can_be_made_or_says_what_to_install() {
    let credentials = Credentials::new(APP_KEY, APP_SECRET).unwrap();
    match KisClient::new(Endpoints::paper(), credentials, KisSettings::new(Environment::Paper), Clock::system()) {
        Ok(client) => assert_eq!(client.endpoints(), &Endpoints::paper()),
        Err(error) => assert!(error.to_string().contains("ca-certificates"), "{error}"),
    }
}
