//! Several mistakes are told together.

#[concur::preload(once)]
async unsafe fn load<T>(path: T) -> ! {
    let _ = path;
    loop {}
}

fn main() {}
