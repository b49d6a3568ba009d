use super::*;

fn faults(plan: &str) -> Faults {
    Faults(Some(Arc::new(Mutex::new(Script::new(parse(plan.as_bytes()).unwrap())))))
}

fn refused(plan: &str) -> String {
    FaultsError::from(parse(plan.as_bytes()).unwrap_err()).to_string()
}

#[test]
fn a_bad_field_is_named() {
    for (plan, field, reason) in [
        (r#"{"database":{"conflict":1.5}}"#, "database.conflict", "from 0 to 1, not 1.5"),
        (r#"{"database":{"conflict":"often"}}"#, "database.conflict", "expected f64"),
        (r#"{"posts":{"slowMs":3600000}}"#, "posts.slowMs", "60000 ms at most"),
        (r#"{"posts":{"dropp":0.1}}"#, "posts", "unknown field `dropp`"),
        (r#"{"seeds":1}"#, "seeds", "unknown field `seeds`"),
    ] {
        let error = refused(plan);
        assert!(error.contains(field) && error.contains(reason), "{plan}: {error}");
    }
}

#[test]
fn the_same_seed_brings_the_same_faults_whatever_else_is_asked() {
    let plan = |seed: u64| format!(r#"{{"seed":{seed},"database":{{"fail":0.3,"throttle":0.5}}}}"#);
    let run = |seed, others: usize| {
        let faults = faults(&plan(seed));
        let asked = (0..200).map(|_| {
            for _ in 0..others {
                faults.meets(Fault::Throttle);
            }
            faults.meets(Fault::Fail)
        });
        asked.collect::<Vec<_>>()
    };
    assert_eq!(run(7, 0), run(7, 3));
    assert_ne!(run(7, 0), run(8, 0));
    let met = run(7, 0).iter().filter(|met| **met).count();
    assert!((30..90).contains(&met), "{met} of 200 at a rate of 0.3");
}

#[test]
fn a_burst_is_met_in_a_row() {
    let faults = faults(r#"{"seed":1,"posts":{"tooMany":0.05,"burst":4}}"#);
    let asked: Vec<_> = (0..1000).map(|_| faults.meets(Fault::TooManyPosts)).collect();
    let runs = asked.chunk_by(|one, other| one == other).filter(|run| run[0]);
    let lengths: Vec<_> = runs.map(<[bool]>::len).collect();
    // Two bursts may touch, and the last one may go on.
    let lengths = &lengths[..lengths.len() - 1];
    assert!(!lengths.is_empty() && lengths.iter().all(|length| length % 4 == 0), "{lengths:?}");
}

#[test]
fn nothing_goes_wrong_without_a_plan() {
    let off = Faults::default();
    assert!(!off.crash_after() && off.clock().is_none() && off.status().is_none());
    assert!(matches!(off.replace(b"{}"), Err(FaultsError::Off)));
    let on = faults(r#"{"functions":{"crashAfter":1},"clock":{"skewMs":50}}"#);
    assert!(on.crash_after() && on.clock().is_some());
    assert_eq!(on.status().unwrap()["met"]["functions.crashAfter"], 1);
    on.replace(b"{}").unwrap();
    assert!(!on.crash_after() && on.clock().is_none());
}

#[tokio::test]
async fn a_transaction_that_was_asked_for_before_meets_no_conflict() {
    let faults = faults(r#"{"database":{"conflict":1}}"#);
    let body = |token: &str| format!(r#"{{"TransactItems":[],"ClientRequestToken":"{token}"}}"#);
    let operation = "TransactWriteItems";
    for (token, met) in [("a", true), ("a", false), ("b", true)] {
        let body = body(token);
        let fate = faults.call(operation, &body).await.before(operation, &body);
        assert_eq!(fate.is_err(), met, "{token}: {fate:?}");
    }
}

#[test]
fn so_many_and_no_more() {
    let faults = faults(r#"{"most":2,"database":{"fail":1}}"#);
    let asked: Vec<_> = (0..4).map(|_| faults.meets(Fault::Fail)).collect();
    assert_eq!(asked, [true, true, false, false]);
}

#[test]
fn a_batch_is_cut_inside() {
    let faults = faults(r#"{"seed":3,"stream":{"split":1}}"#);
    assert_eq!(faults.split(1), None);
    let places: Vec<_> = (0..100).map(|_| faults.split(4).unwrap()).collect();
    assert!((1..4).all(|place| places.contains(&place)), "{places:?}");
    assert!(places.iter().all(|place| (1..4).contains(place)), "{places:?}");
}
