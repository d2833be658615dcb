//! A watch over a replayed server, with a clock that stands still.

#[path = "support/fake.rs"]
mod fake;
#[path = "support/replay.rs"]
mod replay;

use planscope_collection::watch::Event;

#[tokio::test(start_paused = true)]
async fn changes_quicken_it_idleness_slows_it_and_an_outage_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Vec::new();
    let mut tell = |event: Event<'_>| match event {
        Event::Pausing(pause, reason) => told.push(format!("{} s: {reason}", pause.as_secs())),
        Event::Saved { .. } | Event::Failed(_) => {}
    };
    let files = replay::watch(folder.path(), 10, "3", &mut tell).await;
    assert_eq!(
        told,
        [
            "60 s: the first round",
            "90 s: nothing changed",
            "135 s: nothing changed",
            "202 s: nothing changed",
            "303 s: nothing changed",
            "151 s: the plan of 0000000000000001 changed",
            "227 s: nothing changed",
            "1 s: gone",
            "341 s: nothing changed",
        ]
    );
    assert_eq!(files, 3);
}
