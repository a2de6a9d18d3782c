//! `collector healthcheck`, which containers are judged by.

use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener},
    process::{Command, Output},
    thread::{JoinHandle, spawn},
};

use crate::support::text;

/// Answers one question, and gives its lines.
fn answer(with: &'static str) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let asked = spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let asked = lines.take_while(|line| !line.is_empty()).collect();
        stream.write_all(with.as_bytes()).unwrap();
        asked
    });
    (address, asked)
}

fn healthcheck(address: SocketAddr, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_collector"));
    command.env_clear().env("OBSERVER_API_TOKEN", "secret");
    command.args(["healthcheck", "--address", &address.to_string()]).args(arguments).output().unwrap()
}

#[test]
fn a_collector_that_answers_is_alive() {
    let (address, asked) = answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
    let output = healthcheck(address, &[]);
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "{}\n"));
    let expected =
        ["GET /health HTTP/1.0".to_owned(), format!("Host: {address}"), "Authorization: Bearer secret".to_owned()];
    assert_eq!(asked.join().unwrap(), expected);
}

#[test]
fn one_that_is_not_ready_says_why() {
    let (address, asked) = answer("HTTP/1.1 503 Service Unavailable\r\n\r\nthe database is away");
    let output = healthcheck(address, &["--ready"]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("/ready answers 503: the database is away") && !said.contains("secret"), "{said}");
    assert_eq!(asked.join().unwrap()[0], "GET /ready HTTP/1.0");
}

#[test]
fn one_that_is_not_there_is_not_alive() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = healthcheck(unused, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("does the collector run"), "{}", text(&output.stderr));
}
