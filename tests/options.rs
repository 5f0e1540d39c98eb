//! Options are written as settings are: what the macros read at compile time and what the runtime reads
//! when a program starts are held to one table, of which each side has a copy.

/// The table of this name in a source file, however deep it is indented.
fn table<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    let begin = source.find(&format!("// {name}: begin")).expect("the table begins");
    let end = source.find(&format!("// {name}: end")).expect("the table ends");
    source[begin..end].lines().map(str::trim).collect()
}

#[test]
fn macros_and_runtime_read_the_same_values() {
    let macros = include_str!("../concur-macros/src/options/tests.rs");
    let runtime = [
        ("durations", include_str!("../concur-runtime/src/duration.rs")),
        ("sizes", include_str!("../concur-runtime/src/size.rs")),
    ];
    for (name, runtime) in runtime {
        let table_of_macros = table(macros, name);
        assert!(table_of_macros.len() > 20, "{name}: the table is there");
        assert_eq!(table_of_macros, table(runtime, name));
    }
}
