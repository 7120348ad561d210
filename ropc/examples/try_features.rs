fn main() {
    let dir = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let paths = ropc::driver::descriptions(&dir.join("idl")).unwrap();
    let loaded = ropc::driver::load(&paths).unwrap();
    let compiled = ropc::compile::compile(&loaded.files);
    let all: Vec<_> = loaded.diagnostics.iter().chain(&compiled.diagnostics).cloned().collect();
    println!("{}", ropc::render::render_all(&loaded.sources, &all, ropc::render::Format::Plain));
    for o in ropc::compile::emit(&loaded.sources, &compiled).unwrap() {
        std::fs::write(dir.join("protocol/src").join(o.path), o.text).unwrap();
    }
    for o in ropc::compile::emit_tests(&loaded.sources, &compiled).unwrap() {
        std::fs::write(dir.join("gt/tests/generated").join(o.path), o.text).unwrap();
    }
}
