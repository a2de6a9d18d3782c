//! By what a file is recognised.

use obs_pipeline::{FileOutcome, LoadError};
use obs_store::Table;

use crate::{Outcome, append, at, contents, folder, lines, load, load_all, on_both, tick};

#[tokio::test]
async fn blank_first_lines_do_not_make_two_files_one() -> Outcome {
    on_both(async |store| {
        let one = lines(&[tick("005930", at("00:00:00"), 70_000, 1)]);
        let other = lines(&[tick("000660", at("00:00:00"), 750_000, 1)]);
        let dir = folder(&[("a.jsonl", &[b"\n", &one[..]].concat()), ("b.jsonl", &[b"\n \n", &other[..]].concat())]);
        load_all(&store, dir.path()).await;
        load_all(&store, dir.path()).await;
        assert_eq!(store.count(Table::ScalpTicks).await?, 2);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_file_whose_line_ends_an_editor_changed_is_not_loaded_twice() -> Outcome {
    on_both(async |store| {
        let ticks: Vec<_> = (0..3).map(|nth| tick("005930", at(&format!("00:00:0{nth}")), 70_000, 1)).collect();
        let unix = lines(&ticks);
        let windows = String::from_utf8(unix.clone())?.replace('\n', "\r\n");
        let dir = folder(&[("a.jsonl", &unix), ("b.jsonl", windows.as_bytes())]);
        let summary = load(&store, dir.path()).await;
        assert!(matches!(summary.files[1].outcome, FileOutcome::Failed(LoadError::Diverged { .. })), "{summary:?}");
        assert_eq!(store.count(Table::ScalpTicks).await?, 3);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_first_line_keeps_its_name_however_it_is_finished() -> Outcome {
    on_both(async |store| {
        for (nth, end) in [&b"\n"[..], b"\r\n"].into_iter().enumerate() {
            let name = format!("{nth}.jsonl");
            let mut first = lines(&[tick("005930", at(&format!("00:00:0{nth}")), 70_000, 1)]);
            first.pop();
            let dir = folder(&[(&name, &first)]);
            load_all(&store, dir.path()).await;
            append(dir.path(), &name, end);
            append(dir.path(), &name, &lines(&[tick("005930", at(&format!("00:01:0{nth}")), 70_000, 1)]));
            let summary = load_all(&store, dir.path()).await;
            assert_eq!((summary.files[0].already_loaded, summary.files[0].lines()), (1, 2), "{end:?}");
        }
        assert_eq!(contents(&*store).await?.ticks.len(), 4);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_file_of_blank_lines_only_is_loaded_and_may_grow() -> Outcome {
    on_both(async |store| {
        let dir = folder(&[("a.jsonl", b"\n\n")]);
        let summary = load_all(&store, dir.path()).await;
        assert_eq!(summary.files[0].non_data_lines(), 2);
        append(dir.path(), "a.jsonl", &lines(&[tick("005930", at("00:00:00"), 70_000, 1)]));
        load_all(&store, dir.path()).await;
        load_all(&store, dir.path()).await;
        assert_eq!(store.count(Table::ScalpTicks).await?, 1);
        Ok(())
    })
    .await
}
