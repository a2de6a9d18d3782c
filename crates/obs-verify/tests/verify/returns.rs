//! The first record behind a gap says that it is one.

use obs_verify::Code;

use crate::{Outcome, line, market::SCALP, on_both, only};

const MARK: &str = r#""quality_flag":"gap""#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_first_record_without_its_mark_is_named() -> Outcome {
    on_both(async |loaded| {
        let mut marked = Vec::new();
        loaded.edit(SCALP, |lines| {
            marked = (0..lines.len()).filter(|nth| lines[*nth].contains(MARK)).collect();
            lines[marked[1]] = lines[marked[1]].replace(MARK, r#""quality_flag":"normal""#);
        });
        // The two symbols that were lost and came back.
        assert_eq!(marked.len(), 2);
        let report = loaded.verify().await?;
        let missing = only(&report, Code::FlagMissing);
        assert_eq!(missing.place, line(loaded.dir.path(), SCALP, marked[1] + 1));
        assert!(missing.what.contains("000660"), "{missing:?}");
        Ok(())
    })
    .await
}
