fn main() {
    let dir = std::path::PathBuf::from(std::env::args().nth(1).unwrap());
    let out = std::path::PathBuf::from(std::env::args().nth(2).unwrap());
    let paths: Vec<_> = ropc::driver::descriptions(&dir).unwrap().into_iter().filter(|p| !p.ends_with("echo.idl")).collect();
    let loaded = ropc::driver::load(&paths).unwrap();
    let compiled = ropc::compile::compile(&loaded.files);
    for d in loaded.diagnostics.iter().chain(&compiled.diagnostics) {
        let (l, c) = loaded.sources.line_column(&d.primary.0);
        println!("{} {}:{l}:{c} {} -- {} {:?}", d.code, loaded.sources.get(d.primary.0.source).map(|s| s.name.as_str()).unwrap_or(""), d.message, d.primary.1, d.help);
    }
    for o in ropc::compile::emit(&loaded.sources, &compiled.program).unwrap() {
        std::fs::write(out.join(o.path), o.text).unwrap();
    }
}
