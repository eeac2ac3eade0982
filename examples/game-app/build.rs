fn main() {
    tintype::build::Build::new().placeholders(true).emit();
}
