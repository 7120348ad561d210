#![allow(missing_docs, clippy::unwrap_used)]
#[test]
fn tmp() {
    for f in std::env::var("F").unwrap().split_whitespace() {
        let t = std::fs::read_to_string(f).unwrap();
        let (file, d) = ropc::parse::parse(ropc::ast::SourceId(0), &t);
        println!("{f}: {} items", file.items.len());
        if std::env::var("T").is_ok() { println!("{file:#?}"); }
        for d in d { println!("{}", d.message); }
    }
}
