#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// The platform's functions of doubles, under one name.
enum RealMath {
    static func cosine(_ x: Double) -> Double { cos(x) }
    static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
