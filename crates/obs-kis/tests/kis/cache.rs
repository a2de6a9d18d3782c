//! Tokens on disk.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use chrono::TimeDelta;
use obs_kis::{Credentials, Environment, KisClient};

use crate::broker::{APP_KEY, APP_SECRET, Broker, clock, price, refusal, settings, start, symbol, token};

async fn broker() -> Broker {
    Broker::start(|asked| match asked.call() {
        "tokenP" => token(&format!("token-{}", asked.before), start() + TimeDelta::hours(24)),
        _ => price("128500"),
    })
    .await
}

/// A client that keeps tokens in `folder`, as if it had just started.
fn started(broker: &Broker, folder: &Path, app_key: &str) -> KisClient {
    let mut settings = settings(Environment::Live);
    settings.token_cache = Some(folder.to_owned());
    let credentials = Credentials::new(app_key, APP_SECRET).unwrap();
    KisClient::new(broker.endpoints(Environment::Live), credentials, settings, clock()).unwrap()
}

async fn logins_of_a_start(broker: &Broker, folder: &Path) -> usize {
    let before = broker.calls("tokenP").len();
    started(broker, folder, APP_KEY).quote(symbol("000660")).await.unwrap();
    broker.calls("tokenP").len() - before
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[tokio::test]
async fn a_second_start_needs_no_login() {
    let (broker, folder) = (broker().await, tempfile::tempdir().unwrap());

    assert_eq!(logins_of_a_start(&broker, &folder.path().join("new/folder")).await, 1);
    assert_eq!(logins_of_a_start(&broker, &folder.path().join("new/folder")).await, 0);

    assert_eq!(broker.calls("inquire-price")[1].header("authorization"), Some("Bearer token-0"));
}

#[tokio::test]
async fn the_file_is_for_its_owner_only_and_does_not_tell_the_keys() {
    let (broker, folder) = (broker().await, tempfile::tempdir().unwrap());
    logins_of_a_start(&broker, folder.path()).await;

    let [file] = &files(folder.path())[..] else { panic!("one file, and nothing left beside it") };
    assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(file).unwrap();
    for secret in [APP_KEY, APP_SECRET] {
        assert!(!text.contains(secret) && !file.to_str().unwrap().contains(secret));
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_file_is_as_if_it_were_not_there() {
    type Spoil = fn(&Path);
    let ways: [(&str, Spoil); 5] = [
        ("cut off", |file| fs::write(file, &fs::read(file).unwrap()[..40]).unwrap()),
        ("empty", |file| fs::write(file, "").unwrap()),
        ("not text", |file| fs::write(file, [0xff, 0xfe]).unwrap()),
        ("open to others", |file| fs::set_permissions(file, fs::Permissions::from_mode(0o640)).unwrap()),
        ("with a line break in the token", |file| {
            let text = fs::read_to_string(file).unwrap().replace("token-", "to\\nken-");
            fs::write(file, text).unwrap();
        }),
    ];
    for (what, spoil) in ways {
        let (broker, folder) = (broker().await, tempfile::tempdir().unwrap());
        logins_of_a_start(&broker, folder.path()).await;
        spoil(&files(folder.path())[0]);

        assert_eq!(logins_of_a_start(&broker, folder.path()).await, 1, "{what}");
        assert_eq!(logins_of_a_start(&broker, folder.path()).await, 0, "{what}: it is whole again");
    }
}

#[tokio::test]
async fn a_file_that_was_copied_for_another_key_is_not_used() {
    let (broker, folder) = (broker().await, tempfile::tempdir().unwrap());
    let other = folder.path().join("other");
    logins_of_a_start(&broker, folder.path()).await;
    started(&broker, &other, "PSanotherkey").quote(symbol("000660")).await.unwrap();
    fs::copy(&files(folder.path())[0], &files(&other)[0]).unwrap();

    started(&broker, &other, "PSanotherkey").quote(symbol("000660")).await.unwrap();

    assert_eq!(broker.calls("tokenP").len(), 3);
}

#[tokio::test]
async fn two_keys_keep_two_files_in_one_folder() {
    let (broker, folder) = (broker().await, tempfile::tempdir().unwrap());
    for _ in 0..2 {
        for app_key in [APP_KEY, "PSanotherkey"] {
            started(&broker, folder.path(), app_key).quote(symbol("000660")).await.unwrap();
        }
    }

    assert_eq!(files(folder.path()).len(), 2);
    assert_eq!(broker.calls("tokenP").len(), 2);
}

#[tokio::test]
async fn a_token_that_has_ended_is_not_used() {
    let broker = Broker::start(|asked| match asked.call() {
        "tokenP" => token("ended", start() - TimeDelta::minutes(1)),
        _ => price("128500"),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();

    assert_eq!(logins_of_a_start(&broker, folder.path()).await, 1);
    assert_eq!(logins_of_a_start(&broker, folder.path()).await, 1);
}

#[tokio::test]
async fn a_token_that_another_program_renewed_is_taken_over() {
    let broker = Broker::start(|asked| match (asked.call(), asked.header("authorization")) {
        ("tokenP", _) => token(&format!("token-{}", asked.before), start() + TimeDelta::hours(24 + asked.before as i64)),
        (_, Some("Bearer token-0")) if asked.before > 0 => refusal(500, "EGW00121", "유효하지 않은 token 입니다."),
        _ => price("128500"),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (started(&broker, folder.path(), APP_KEY), started(&broker, folder.path(), APP_KEY));
    one.quote(symbol("000660")).await.unwrap();
    // Refused, and replaced on disk; the first client does not know yet.
    other.quote(symbol("000660")).await.unwrap();

    one.quote(symbol("000660")).await.unwrap();

    assert_eq!(broker.calls("tokenP").len(), 2);
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_does_not_stop_anybody() {
    let (broker, folder) = (broker().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("a file");
    fs::write(&file, "").unwrap();

    assert_eq!(logins_of_a_start(&broker, &file).await, 1);
}
