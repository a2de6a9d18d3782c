//! Files that grow, shrink and change between two loads.

use std::{fs, sync::Arc};

use obs_pipeline::{FileOutcome, LoadError, LoadOptions, Loader};
use obs_schema::{Record, RejectReason};
use obs_store::{Store, Table};
use tokio_util::sync::CancellationToken;

use crate::{Outcome, append, at, contents, folder, lines, load, load_all, load_with, on_both, paths, tick, write};

const FILE: &str = "scalp/20260122_09.jsonl";

/// So many ticks, two seconds apart.
fn ticks(number: i64) -> Vec<Record> {
    let time = |nth| at("00:00:00") + chrono::TimeDelta::seconds(2 * nth);
    (0..number).map(|nth| tick("005930", time(nth), 70_000 + nth, 1 + nth)).collect()
}

/// The lines of so many ticks, without the last line feed.
fn without_end(number: i64) -> Vec<u8> {
    let mut bytes = lines(&ticks(number));
    bytes.pop();
    bytes
}

/// What the store holds when a file with these lines is loaded undisturbed.
async fn assert_as_undisturbed(store: &Arc<dyn Store>, bytes: &[u8]) -> Outcome {
    let found = contents(&**store).await?;
    let position = store.positions().await?.into_iter().find(|position| position.byte_offset > 0).unwrap();
    let dir = folder(&[(FILE, bytes)]);
    let database = tempfile::tempdir()?;
    let fresh = obs_store_sqlite::SqliteStore::open(database.path().join("fresh.db")).await?;
    obs_store::SchemaRepository::migrate(&fresh).await?;
    let fresh: Arc<dyn Store> = Arc::new(fresh);
    load_all(&fresh, dir.path()).await;
    let mut expected = contents(&*fresh).await?;
    for (expected, found) in expected.rejects.iter_mut().zip(&found.rejects) {
        expected.path.clone_from(&found.path);
    }
    found.assert_is(&expected);
    let mut undisturbed = fresh.positions().await?.remove(0);
    undisturbed.path.clone_from(&position.path);
    assert_eq!(position, undisturbed);
    Ok(())
}

#[tokio::test]
async fn appended_lines_are_loaded_behind_the_others() -> Outcome {
    on_both(async |store| {
        let dir = folder(&[(FILE, &lines(&ticks(3)))]);
        load_all(&store, dir.path()).await;
        append(dir.path(), FILE, &lines(&ticks(40)[3..]));
        let summary = load_all(&store, dir.path()).await;
        assert_eq!((summary.files[0].already_loaded, summary.files[0].rows), (3, 37));
        assert_as_undisturbed(&store, &lines(&ticks(40))).await
    })
    .await
}

#[tokio::test]
async fn a_whole_object_without_line_feed_is_a_line_and_its_line_feed_is_none() -> Outcome {
    on_both(async |store| {
        let dir = folder(&[(FILE, &without_end(3))]);
        let summary = load_all(&store, dir.path()).await;
        assert_eq!((summary.files[0].rows, summary.files[0].lines()), (3, 3));
        assert_eq!(store.count(Table::ScalpTicks).await?, 3);

        // The line feed alone, and then a line that is wrong: its number tells whether lines are counted right.
        append(dir.path(), FILE, b"\n");
        let summary = load_all(&store, dir.path()).await;
        assert_eq!((summary.files[0].already_loaded, summary.files[0].lines()), (3, 3));
        append(dir.path(), FILE, b"wrong\n");
        load_all(&store, dir.path()).await;
        assert_eq!(contents(&*store).await?.rejects[0].line_number, 4);
        assert_as_undisturbed(&store, &[lines(&ticks(3)), b"wrong\n".to_vec()].concat()).await
    })
    .await
}

#[tokio::test]
async fn a_torn_line_is_rejected_until_it_is_finished() -> Outcome {
    on_both(async |store| {
        let all = lines(&ticks(5));
        let third = lines(&ticks(3)).len() - 20;
        let dir = folder(&[(FILE, &all[..third])]);
        let summary = load_all(&store, dir.path()).await;
        let file = &summary.files[0];
        assert_eq!((file.rows, file.rejects.get(&RejectReason::UnfinishedLine)), (2, Some(&1)));
        let reject = contents(&*store).await?.rejects.remove(0);
        assert_eq!((reject.line_number, reject.byte_offset), (3, lines(&ticks(2)).len() as u64));
        assert_eq!(reject.reason, "unfinished_line");
        assert_eq!(reject.raw, all[lines(&ticks(2)).len()..third]);

        // Again, and grown by less than the line.
        load_all(&store, dir.path()).await;
        append(dir.path(), FILE, &all[third..third + 5]);
        load_all(&store, dir.path()).await;
        assert_eq!(contents(&*store).await?.rejects[0].raw, all[lines(&ticks(2)).len()..third + 5]);

        append(dir.path(), FILE, &all[third + 5..]);
        load_all(&store, dir.path()).await;
        assert_as_undisturbed(&store, &all).await
    })
    .await
}

#[tokio::test]
async fn a_text_line_that_is_cut_behind_a_number_is_one_line_when_it_is_whole() -> Outcome {
    on_both(async |store| {
        let dir = folder(&[("app.jsonl", b"started\n2026")]);
        load_all(&store, dir.path()).await;
        append(dir.path(), "app.jsonl", b"-01-22 stopped\n");
        load_all(&store, dir.path()).await;
        let raw: Vec<_> = contents(&*store).await?.rejects.into_iter().map(|reject| reject.raw).collect();
        assert_eq!(raw, [b"started".to_vec(), b"2026-01-22 stopped".to_vec()]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_file_of_only_one_unfinished_line() -> Outcome {
    on_both(async |store| {
        let whole = lines(&ticks(2));
        let dir = folder(&[(FILE, &whole[..30])]);
        let summary = load_all(&store, dir.path()).await;
        assert_eq!((summary.files[0].rows, summary.files[0].rejected_lines()), (0, 1));
        let rejects = contents(&*store).await?.rejects;
        assert_eq!((rejects.len(), rejects[0].line_number, rejects[0].byte_offset), (1, 1, 0));
        assert_eq!(rejects[0].raw, whole[..30]);

        // The whole line has another name, but the reject of its beginning does not stay.
        write(dir.path(), FILE, &whole);
        load_all(&store, dir.path()).await;
        assert_as_undisturbed(&store, &whole).await
    })
    .await
}

#[tokio::test]
async fn an_empty_file_is_nothing_until_it_has_lines() -> Outcome {
    on_both(async |store| {
        let dir = folder(&[(FILE, b"")]);
        let summary = load_all(&store, dir.path()).await;
        assert_eq!(summary.files[0].lines(), 0);
        assert_eq!(store.positions().await?, []);
        append(dir.path(), FILE, &lines(&ticks(2)));
        load_all(&store, dir.path()).await;
        assert_as_undisturbed(&store, &lines(&ticks(2))).await
    })
    .await
}

#[tokio::test]
async fn an_earlier_copy_adds_nothing() -> Outcome {
    on_both(async |store| {
        let all = lines(&ticks(5));
        let dir = folder(&[(FILE, &all)]);
        load_all(&store, dir.path()).await;
        let before = contents(&*store).await?;
        let copies =
            folder(&[("a.jsonl", &all[..all.len() - 1]), ("b.jsonl", &all[..all.len() / 2]), ("c.jsonl", &without_end(2))]);
        let summary = load_all(&store, copies.path()).await;
        assert_eq!(summary.files.iter().map(|file| file.lines()).collect::<Vec<_>>(), [5, 3, 2]);
        contents(&*store).await?.assert_is(&before);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_earlier_copy_that_nothing_can_prove_is_named() -> Outcome {
    on_both(async |store| {
        let all = lines(&ticks(5));
        let dir = folder(&[(FILE, &all)]);
        load_all(&store, dir.path()).await;
        drop(dir);
        let copies = folder(&[("b.jsonl", &all[..all.len() / 2])]);
        let summary = load(&store, copies.path()).await;
        assert!(matches!(&summary.files[0].outcome, FileOutcome::Failed(LoadError::Diverged { .. })), "{summary:?}");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn files_that_begin_alike_and_differ_are_both_named_and_the_others_load() -> Outcome {
    on_both(async |store| {
        let all = lines(&ticks(5));
        let mut other = ticks(5);
        other[3] = tick("005930", at("00:09:09"), 1, 1);
        let longer = [lines(&other), lines(&ticks(1))].concat();
        // The same length, with one digit changed.
        let mut edited = all.clone();
        let digit = edited.len() - 120;
        let digit = digit + edited[digit..].iter().position(u8::is_ascii_digit).unwrap();
        edited[digit] = if edited[digit] == b'9' { b'8' } else { b'9' };
        let shorter = lines(&other[..4]);

        let dir = folder(&[(FILE, &all)]);
        load_all(&store, dir.path()).await;
        let before = contents(&*store).await?;
        let fresh = lines(&[tick("000660", at("02:00:00"), 9, 9)]);
        let copies = folder(&[("a.jsonl", &longer), ("b.jsonl", &edited), ("c.jsonl", &shorter), ("d.jsonl", &fresh)]);
        let summary = load(&store, copies.path()).await;
        for file in &summary.files[..3] {
            let FileOutcome::Failed(error) = &file.outcome else { panic!("{} was loaded", file.path.display()) };
            let text = error.to_string();
            assert!(matches!(error, LoadError::Diverged { .. }), "{text}");
            assert!(text.contains(&file.path.display().to_string()) && text.contains(FILE), "{text}");
        }
        assert!(!summary.is_complete());
        assert_eq!(summary.files[3].rows, 1);
        let after = contents(&*store).await?;
        assert_eq!(after.ticks.len(), before.ticks.len() + 1);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn an_unreadable_file_does_not_stop_the_others() -> Outcome {
    on_both(async |store| {
        let dir = folder(&[("b.jsonl", &lines(&ticks(2)))]);
        let mut loader = Loader::new(Arc::clone(&store), LoadOptions::default());
        let summary = loader.load(&paths(dir.path(), &["a.jsonl", "b.jsonl"]), &CancellationToken::new()).await;
        assert!(matches!(summary.files[0].outcome, FileOutcome::Failed(LoadError::Archive(_))));
        assert_eq!(summary.files[1].rows, 2);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_batch_of_no_lines_is_a_batch_of_one() -> Outcome {
    on_both(async |store| {
        let dir = folder(&[(FILE, &lines(&ticks(3)))]);
        let summary = load_with(&store, dir.path(), LoadOptions { batch_lines: 0, ..LoadOptions::default() }).await;
        assert_eq!(summary.files[0].rows, 3);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_load_that_was_stopped_before_it_began_is_not_complete() -> Outcome {
    on_both(async |store| {
        let dir = folder(&[(FILE, &lines(&ticks(3)))]);
        let stop = CancellationToken::new();
        stop.cancel();
        let summary = Loader::new(Arc::clone(&store), LoadOptions::default()).load(&paths(dir.path(), &[FILE]), &stop).await;
        assert!(!summary.is_complete());
        assert_eq!(store.count(Table::ScalpTicks).await?, 0);
        Ok(())
    })
    .await
}

#[test]
fn only_folders_and_files_can_be_named() {
    let dir = folder(&[("a.txt", b"x")]);
    let error = obs_pipeline::archive_files(&paths(dir.path(), &["nothing"])).unwrap_err();
    assert!(error.to_string().contains("nothing"), "{error}");
    let (files, others) = obs_pipeline::archive_files(&paths(dir.path(), &["a.txt"])).unwrap();
    assert_eq!((files.len(), others), (1, 0));
    assert!(obs_pipeline::archive_files(&["/dev/null".into()]).is_err());
    fs::remove_file(dir.path().join("a.txt")).unwrap();
}
