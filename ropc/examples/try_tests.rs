fn main() {
    let dir = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let out = std::path::PathBuf::from(std::env::args().nth(2).unwrap());
    let paths: Vec<_> = ropc::driver::descriptions(&dir).unwrap().into_iter().filter(|p| !p.ends_with("echo.idl")).collect();
    let loaded = ropc::driver::load(&paths).unwrap();
    let compiled = ropc::compile::compile(&loaded.files);
    for d in loaded.diagnostics.iter().chain(&compiled.diagnostics) {
        println!("{} {}", d.code, d.message);
    }
    let sources = &loaded.sources;
    let origins: Vec<(String, String)> = compiled.program.modules.iter()
        .map(|m| sources.get(m.span.source).map(|s| (s.name.clone(), s.text.clone())).unwrap_or_default()).collect();
    std::fs::create_dir_all(&out).unwrap();
    for o in ropc::emit::tests::emit_tests(&compiled.program, &origins).unwrap() {
        std::fs::write(out.join(o.path), o.text).unwrap();
    }
}
