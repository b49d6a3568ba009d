//! A small part of the bench; `benches/size/run` measures the whole size.

use size::{Size, measure};

#[tokio::test]
async fn no_action_grows_with_what_does_not_concern_it() {
    let report = measure(&Size::SMALL).await;
    println!("{report}");
    assert_eq!(report.over(), Vec::<&str>::new(), "{report}");
}
