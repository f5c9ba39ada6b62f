//! What `GeoJSON` has beside rows: geometries, and the system of their coordinates.

/// What geometries are (RFC 7946, section 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GeometryKind {
    Point,
    MultiPoint,
    LineString,
    MultiLineString,
    Polygon,
    MultiPolygon,
    GeometryCollection,
    /// Of more than one kind.
    Mixed,
}

const NAMES: [(&str, GeometryKind); 7] = [
    ("Point", GeometryKind::Point),
    ("MultiPoint", GeometryKind::MultiPoint),
    ("LineString", GeometryKind::LineString),
    ("MultiLineString", GeometryKind::MultiLineString),
    ("Polygon", GeometryKind::Polygon),
    ("MultiPolygon", GeometryKind::MultiPolygon),
    ("GeometryCollection", GeometryKind::GeometryCollection),
];

impl GeometryKind {
    pub(super) fn of(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
    }

    /// As OGC Simple Features has it, where any geometry is a `Geometry`.
    pub(crate) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, kind)| *kind == self).map_or("Geometry", |(name, _)| name)
    }

    /// What two geometries have in common.
    pub(super) fn with(self, other: Self) -> Self {
        if self == other {
            return self;
        }
        let pairs = [
            (Self::Point, Self::MultiPoint),
            (Self::LineString, Self::MultiLineString),
            (Self::Polygon, Self::MultiPolygon),
        ];
        let is_of = |(one, many): &(Self, Self)| {
            [self, other].iter().all(|kind| kind == one || kind == many)
        };
        pairs.into_iter().find(is_of).map_or(Self::Mixed, |(_, many)| many)
    }
}

/// WGS 84, which all `GeoJSON` is in that says nothing else (RFC 7946, section 4).
pub(super) const WGS84: u32 = 4_326;

/// The EPSG code of a coordinate system as `GeoJSON` of 2008 names it: `EPSG:3857`,
/// `urn:ogc:def:crs:EPSG::3857`, `urn:ogc:def:crs:OGC:1.3:CRS84`.
pub(super) fn epsg_of(name: &str) -> Option<u32> {
    const CODES: std::ops::RangeInclusive<u32> = 1..=998_999;
    let (rest, code) = name.rsplit_once(':')?;
    if code.eq_ignore_ascii_case("CRS84") {
        return Some(WGS84);
    }
    let is_epsg = rest.split(':').any(|piece| piece.eq_ignore_ascii_case("EPSG"));
    let code = code.parse().ok().filter(|code| CODES.contains(code));
    code.filter(|_| is_epsg)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geometries_of_one_kind_have_it_in_common() {
        use GeometryKind as Kind;
        for (one, other, both) in [
            (Kind::Point, Kind::Point, "Point"),
            (Kind::Point, Kind::MultiPoint, "MultiPoint"),
            (Kind::MultiLineString, Kind::LineString, "MultiLineString"),
            (Kind::Polygon, Kind::MultiPolygon, "MultiPolygon"),
            (Kind::Point, Kind::Polygon, "Geometry"),
            (Kind::GeometryCollection, Kind::GeometryCollection, "GeometryCollection"),
            (Kind::GeometryCollection, Kind::Point, "Geometry"),
            (Kind::Mixed, Kind::Point, "Geometry"),
        ] {
            assert_eq!(one.with(other).name(), both, "{one:?} {other:?}");
            assert_eq!(other.with(one).name(), both, "{one:?} {other:?}");
        }
        for (name, kind) in NAMES {
            assert_eq!((GeometryKind::of(name), kind.name()), (Some(kind), name));
        }
        assert_eq!(GeometryKind::of("point"), None);
        assert_eq!(GeometryKind::of("Geometry"), None);
    }

    #[test]
    fn a_coordinate_system_is_known_by_its_name() {
        for (name, code) in [
            ("EPSG:3857", Some(3_857)),
            ("urn:ogc:def:crs:EPSG::25832", Some(25_832)),
            ("urn:ogc:def:crs:EPSG:9.8:4326", Some(4_326)),
            ("urn:ogc:def:crs:OGC:1.3:CRS84", Some(4_326)),
            ("urn:ogc:def:crs:OGC::CRS84", Some(4_326)),
            ("EPSG:0", None),
            ("EPSG:999000", None),
            ("EPSG:-1", None),
            ("EPSG:", None),
            ("ESRI:102100", None),
            ("4326", None),
            ("", None),
        ] {
            assert_eq!(epsg_of(name), code, "{name}");
        }
    }
}
