/// Compiles where the type has none of the traits.
///
/// Where it has one, it is `Absent` twice, and the compiler cannot tell which is meant. So this
/// compiles,
///
/// ```
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/lacks.rs"));
///
/// fn main() {
///     assert_lacks!(f64: Eq, Ord, std::hash::Hash);
///     assert_lacks!([u8]: Copy, std::fmt::Display);
/// }
/// ```
///
/// and this does not:
///
/// ```compile_fail
/// include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/lacks.rs"));
///
/// fn main() {
///     assert_lacks!(f64: PartialEq);
/// }
/// ```
macro_rules! assert_lacks {
    ($type:ty: $($trait:path),+) => {
        $({
            trait Absent<Marker> {
                fn is_absent() {}
            }
            struct Present;
            impl<T: ?Sized> Absent<()> for T {}
            impl<T: ?Sized + $trait> Absent<Present> for T {}
            <$type as Absent<_>>::is_absent();
        })+
    };
}
