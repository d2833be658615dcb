//! A watch needs no more memory after ten thousand rounds than after a hundred.
//!
//! In a binary of its own, because the allocator that counts is the whole program's.

#[path = "support/fake.rs"]
mod fake;
#[path = "support/replay.rs"]
mod replay;

use peak_alloc::PeakAlloc;
use planscope_collection::watch::Event;
use std::path::Path;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const ROUNDS: u64 = 10_000;

#[tokio::test(start_paused = true)]
async fn memory_is_flat_over_ten_thousand_rounds() {
    // In memory where there is such a folder: every snapshot is flushed to the disk.
    let shm = Path::new("/dev/shm");
    let folder = match shm.is_dir() {
        true => tempfile::tempdir_in(shm).unwrap(),
        false => tempfile::tempdir().unwrap(),
    };
    let (mut round, mut early, mut late) = (0_u64, 0_usize, 0_usize);
    let mut tell = |event: Event<'_>| {
        if let Event::Saved { .. } = event {
            round += 1;
            let used = ALLOCATOR.current_usage();
            match round {
                50..100 => early = early.max(used),
                ROUNDS.. => {}
                _ if round >= ROUNDS - 50 => late = late.max(used),
                _ => {}
            }
        }
    };
    let files = replay::watch(folder.path(), ROUNDS, "3", &mut tell).await;
    assert_eq!(files, 3);
    assert!(early > 0 && late <= early + 4096, "{early} bytes early, {late} bytes late");
}
