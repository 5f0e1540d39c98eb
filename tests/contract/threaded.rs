//! Runs from many threads, blocking and awaited: for drivers that a caller with threads may use.

use std::thread;

use concur::{Driver, concurrent};

use crate::contract::awaiting::runs;

/// Calls `$callback!` with the contracts of this file.
macro_rules! threaded_contract {
    ($callback:ident) => {
        $callback! {
            threaded::from_thirty_two_threads,
            threaded::on_tokio_with_many_threads,
            threaded::on_smol,
            threaded::many_futures_at_once,
        }
    };
}

pub(crate) fn from_thirty_two_threads(driver: &Driver) {
    thread::scope(|scope| {
        for thread in 0..32_u64 {
            let driver = driver.clone();
            scope.spawn(move || {
                for round in 0..20_u64 {
                    let text = format!("{thread}/{round}");
                    let (number, echo) = concurrent! {
                        number => thread * 1000 + round,
                        echo => text.clone(),
                    }
                    .driver(driver.clone())
                    .run()
                    .expect("both succeed");
                    assert_eq!((number, echo), (thread * 1000 + round, text));
                }
            });
        }
    });
}

pub(crate) fn on_tokio_with_many_threads(driver: &Driver) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build();
    let runtime = runtime.expect("it can be built");
    runtime.block_on(runs(driver.clone()));
    runtime.block_on(async {
        let spawned: Vec<_> = (0..8).map(|_| tokio::spawn(runs(driver.clone()))).collect();
        for one in spawned {
            one.await.expect("it ends well");
        }
    });
}

pub(crate) fn on_smol(driver: &Driver) {
    smol::block_on(runs(driver.clone()));
    smol::block_on(async {
        let spawned: Vec<_> = (0..4).map(|_| smol::spawn(runs(driver.clone()))).collect();
        for one in spawned {
            one.await;
        }
    });
}

pub(crate) fn many_futures_at_once(driver: &Driver) {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build();
    runtime.expect("it can be built").block_on(async {
        let mut set = tokio::task::JoinSet::new();
        for number in 0..200_u64 {
            let driver = driver.clone();
            set.spawn(async move {
                let (square,) = concurrent! { square => number * number }.driver(driver).await?;
                Ok::<_, concur::Error>((number, square))
            });
        }
        let mut count = 0;
        while let Some(joined) = set.join_next().await {
            let (number, square) = joined.expect("it ends well").expect("it succeeds");
            assert_eq!(square, number * number);
            count += 1;
        }
        assert_eq!(count, 200);
    });
}
