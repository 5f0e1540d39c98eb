//! Large values, and the sizes at which their way changes.

use concur::{Driver, concurrent};

/// From here on a value travels through memory that is shared: 64 KiB.
const INLINE_LIMIT: usize = 64 * 1024;
/// Shared memory up to this size is used again: 8 MiB.
const KEPT: usize = 8 << 20;

/// The length of the pattern: a prime, so that no page begins as another does.
const PERIOD: usize = 4099;

fn period(seed: usize, len: usize) -> Vec<u8> {
    (0..PERIOD.min(len)).map(|at| byte(seed, at)).collect()
}

fn byte(seed: usize, at: usize) -> u8 {
    let at = at % PERIOD;
    u8::try_from((at ^ (at >> 8)).wrapping_add(seed * 31) & 0xff).expect("it was cut")
}

/// Bytes that tell where they are and whose they are.
fn pattern(seed: usize, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len);
    let period = period(seed, len);
    while bytes.len() < len {
        let left = len - bytes.len();
        bytes.extend_from_slice(&period[..PERIOD.min(left)]);
    }
    bytes
}

/// Where bytes are not as the pattern has them; every byte is looked at.
fn wrong(seed: usize, len: usize, bytes: &[u8]) -> Option<String> {
    if bytes.len() != len {
        return Some(format!("{} bytes instead of {len}", bytes.len()));
    }
    let period = period(seed, len);
    let chunk = bytes.chunks(PERIOD).position(|chunk| *chunk != period[..chunk.len()])?;
    let at = (chunk * PERIOD..len).find(|at| bytes[*at] != byte(seed, *at))?;
    Some(format!("the byte at {at} of {len} is {} instead of {}", bytes[at], byte(seed, at)))
}

pub(crate) fn sixteen_results_of_a_mebibyte(driver: &Driver) {
    for round in 0..3 {
        let results: Vec<Vec<u8>> =
            concurrent! { for number in 0..16_usize => pattern(number + round, 1 << 20) }
                .driver(driver.clone())
                .run()
                .expect("all succeed");
        assert_eq!(results.len(), 16);
        for (number, bytes) in results.iter().enumerate() {
            assert_eq!(wrong(number + round, 1 << 20, bytes), None, "result {number}");
        }
    }
}

pub(crate) fn around_the_inline_limit(driver: &Driver) {
    // The length that is sent ahead of the bytes takes part, so look a little further down too.
    for len in (INLINE_LIMIT - 10..=INLINE_LIMIT + 2).chain([0, 1, 4095, 4096, 4097]) {
        let bytes = pattern(len, len);
        let slice = &bytes[..];
        let text = "x".repeat(len);
        let (there, lent, as_text, list, back) = concurrent! {
            there => wrong(len, len, &bytes),
            lent => wrong(len, len, slice),
            as_text => (text.len(), text),
            list => pattern(len, len).into_iter().map(u16::from).collect::<Vec<u16>>(),
            back => pattern(len, len),
        }
        .driver(driver.clone())
        .run()
        .expect("all succeed");
        assert_eq!((there, lent), (None, None), "{len} bytes sent");
        assert_eq!((as_text.0, as_text.1.len()), (len, len));
        assert!(list.iter().enumerate().all(|(at, found)| *found == u16::from(byte(len, at))));
        assert_eq!(list.len(), len);
        assert_eq!(wrong(len, len, &back), None, "{len} bytes received");
    }
}

pub(crate) fn larger_and_larger(driver: &Driver) {
    let sizes = [
        200 << 10,
        256 << 10,
        (256 << 10) + 1,
        3 << 20,
        KEPT - 8,
        KEPT - 7,
        KEPT,
        KEPT + 1,
        20 << 20,
    ];
    // Up, down and up again, so that memory is used again that held more before.
    for len in sizes.into_iter().chain(sizes.into_iter().rev()).chain([20 << 20, 70 << 10]) {
        let bytes = pattern(len, len);
        let (there, back) = concurrent! {
            there => wrong(len, len, &bytes),
            back => pattern(len + 1, len),
        }
        .driver(driver.clone())
        .run()
        .expect("both succeed");
        assert_eq!(there, None, "{len} bytes sent");
        assert_eq!(wrong(len + 1, len, &back), None, "{len} bytes received");
    }
}

pub(crate) fn shared_and_own_arguments_of_every_size(driver: &Driver) {
    let sizes = [0, 10, INLINE_LIMIT, 300 << 10, KEPT + 10];
    for shared_len in sizes {
        let shared = pattern(1, shared_len);
        let items = sizes.into_iter().map(|len| (len, pattern(2, len)));
        let results = concurrent! {
            for (len, own) in items => {
                let wrong = wrong(1, shared_len, &shared).or_else(|| wrong(2, len, &own));
                (wrong, own)
            }
        }
        .driver(driver.clone())
        .limit(2)
        .run()
        .expect("all succeed");
        assert_eq!(results.len(), sizes.len());
        for (len, (there, back)) in sizes.into_iter().zip(results) {
            assert_eq!(there, None, "{shared_len} shared, {len} own");
            assert_eq!(wrong(2, len, &back), None, "{shared_len} shared, {len} own");
        }
    }
}

pub(crate) fn many_large_arguments_prepared_ahead(driver: &Driver) {
    // More memory than one worker remembers, each used again in another order.
    let len = 100 << 10;
    for round in 0..4_usize {
        let blocks: Vec<_> = (0..12_usize)
            .map(|number| {
                let bytes = pattern(number, len);
                concurrent! { check => (number, wrong(number, len, &bytes), bytes) }
                    .driver(driver.clone())
                    .limit(1)
            })
            .collect();
        let order: Vec<usize> = (0..12).map(|number| (number * 5 + round) % 12).collect();
        let mut blocks: Vec<_> = blocks.into_iter().map(Some).collect();
        for number in order {
            let block = blocks[number].take().expect("each once");
            let ((found, wrong_there, back),) = block.run().expect("it succeeds");
            assert_eq!((found, wrong_there), (number, None));
            assert_eq!(wrong(number, len, &back), None);
        }
    }
}
